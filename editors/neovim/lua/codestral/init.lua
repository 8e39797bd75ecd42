---AI completion as ghost text, from the language server codestral-ls.
---
---`vim.lsp.enable('codestral_ls')` is all it needs; `setup` only binds keys.
local M = {}

---Keys for insert mode. None is bound unless it is named here; `<Plug>(codestral-accept)` and so on always are.
---@class codestral.Keys
---@field accept? string Insert the suggestion. Without one, the key does what it did before.
---@field dismiss? string Hide the suggestion. Without one, the key does what it did before.
---@field trigger? string Ask for a suggestion here, also where none comes by itself.

---@param keys? codestral.Keys
function M.setup(keys)
  for name, key in pairs(keys or {}) do
    require('codestral.keys').bind(key, M[name], name)
  end
end

---Insert the suggestion that is shown.
---@return boolean accepted false where none is shown
function M.accept()
  return M._show().accept()
end

---Hide the suggestion that is shown, until the text changes.
---@return boolean dismissed false where none is shown
function M.dismiss()
  return M._show().dismiss()
end

---Ask for a suggestion at the cursor, also where none comes by itself.
---@return boolean asked false where no server is attached
function M.trigger()
  return M._show().trigger()
end

---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(client, bufnr)
  M._show().attach(client, bufnr)
end

---@private
function M._show()
  return require(vim.lsp.inline_completion and 'codestral.native' or 'codestral.inline')
end

return M
