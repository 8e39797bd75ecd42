---The completion menus beside ghost text: Neovim's own, and those of nvim-cmp and blink.cmp.
local M = {}

---What closes the menu of a plug-in, by the module that is loaded where it is used.
---@type table<string, fun(plugin: table)>
local CLOSE = {
  cmp = function(cmp)
    cmp.close()
  end,
  ['blink.cmp'] = function(blink)
    blink.hide()
  end,
}

---A menu that stays open over accepted text would take it back when it is left, or offer what is there.
function M.close()
  if vim.fn.pumvisible() == 1 then
    vim.fn.complete(vim.fn.col('.'), {})
  end
  for name, close in pairs(CLOSE) do
    local plugin = package.loaded[name]
    if type(plugin) == 'table' then
      close(plugin)
    end
  end
end

return M
