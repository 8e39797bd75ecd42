---Ghost text by Neovim itself, from 0.12 on.
local M = {}

local native = vim.lsp.inline_completion

---@param client vim.lsp.Client
function M.attach(client)
  native.enable(true, { client_id = client.id })
end

---@return boolean
function M.accept()
  return native.get()
end

---@return boolean
function M.dismiss()
  -- There is no call that only hides; switching it off and on again does.
  local shown = M._shown()
  if shown then
    native.enable(false, { bufnr = 0 })
    native.enable(true, { bufnr = 0 })
  end
  return shown
end

return M
