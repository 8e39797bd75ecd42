---Keys that give way to what they were bound to before.
local M = {}

---Bind a key in insert mode. Where `action` returns false, the key does what it did before.
---@param key string
---@param action fun(): boolean
---@param name string
function M.bind(key, action, name)
  local before = vim.fn.maparg(key, 'i', false, true)
  local fallback, remap = key, 'n'
  if not vim.tbl_isempty(before) then
    fallback, remap = ('<Plug>(codestral-%s-before)'):format(name), 'm'
    M._move(before, fallback)
  end
  local keys = vim.keycode(fallback)
  vim.keymap.set('i', key, function()
    if not action() then
      vim.api.nvim_feedkeys(keys, remap .. 'i', false)
    end
  end, { desc = ('Codestral: %s'):format(name) })
end

---@private
---@param mapping table<string, any> as `maparg` gives it
---@param key string
function M._move(mapping, key)
  local moved = vim.tbl_extend('force', mapping, { lhs = key, lhsraw = vim.keycode(key), buffer = 0 })
  moved.lhsrawalt = nil
  vim.fn.mapset('i', false, moved)
end

return M
