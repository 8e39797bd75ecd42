---The completion menus beside ghost text: Neovim's own, and those of nvim-cmp and blink.cmp.
local M = {}

---What closes a plug-in's menu, by the module that is loaded where the plug-in is used.
local CLOSE = {
  -- `cmp.close` would first wait for slow sources, half a second at most; what they answer is for the text before.
  cmp = function(cmp)
    -- Beside blink.cmp there may be a stand-in of this name, which has no menu.
    if cmp.suspend then
      vim.schedule(cmp.suspend())
      cmp.core:reset()
      cmp.core.view:close()
    end
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
