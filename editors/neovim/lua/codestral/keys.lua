---Keys that give way to what they were bound to before.
local M = {}

local presses = {} ---@type fun()[]

---Bind a key in insert mode. Where `action` returns false, the key does what it did before.
---@param key string
---@param action fun(): boolean
---@param name string
function M.bind(key, action, name)
  local number = #presses + 1
  local before = vim.fn.maparg(key, 'i', false, true)
  local fallback, remap = key, 'n'
  if not vim.tbl_isempty(before) then
    fallback, remap = ('<Plug>(codestral-before-%d)'):format(number), 'm'
    M._move(before, fallback)
  end
  local keys = vim.keycode(fallback)
  presses[number] = function()
    if not action() then
      vim.api.nvim_feedkeys(keys, remap .. 'i', false)
    end
  end
  -- Completion plug-ins that pass a key on run a function only later, when keys behind it have overtaken it.
  local command = ("<Cmd>lua require('codestral.keys').press(%d)<CR>"):format(number)
  vim.keymap.set('i', key, command, { desc = ('Codestral: %s'):format(name) })
end

---What a key that was bound does.
---@param number integer
function M.press(number)
  presses[number]()
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
