---Neovim 0.12's own ghost text, for those who ask for it: `setup({ native = true })`.
---
---It knows no words, no lines and no dismissal, so these leave their keys to what they did before.
local M = {}

---@param client vim.lsp.Client
function M.attach(client)
  vim.lsp.inline_completion.enable(true, { client_id = client.id })
end

---@return boolean
function M.accept()
  return vim.lsp.inline_completion.get()
end

---@return boolean
function M.next()
  vim.lsp.inline_completion.select({ count = 1 })
  return true
end

---@return boolean
function M.previous()
  vim.lsp.inline_completion.select({ count = -1 })
  return true
end

return M
