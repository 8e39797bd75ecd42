---The completion menus beside ghost text: Neovim's own, and those of nvim-cmp and blink.cmp.
local M = {}

---The function that closes a plug-in's menu, by the module that is loaded where the plug-in is used.
local CLOSE = { cmp = 'close', ['blink.cmp'] = 'hide' }

---A menu that stays open over accepted text would take it back when it is left, or offer what is there.
function M.close()
  if vim.fn.pumvisible() == 1 then
    vim.fn.complete(vim.fn.col('.'), {})
  end
  for name, close in pairs(CLOSE) do
    local plugin = package.loaded[name]
    if type(plugin) == 'table' and plugin[close] then
      plugin[close]()
    end
  end
end

return M
