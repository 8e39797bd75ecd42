---AI completion as ghost text, from the language server codestral-ls.
---
---`vim.lsp.enable('codestral_ls')` is all it needs; `setup` only binds keys.
local M = {}

---Keys are those of insert mode. None is bound unless it is named here; `<Plug>(codestral-accept)` and so on
---always are. Without a suggestion, the keys to accept and to dismiss do what they did before.
---@class codestral.Options
---@field accept? string Insert the suggestion.
---@field dismiss? string Hide the suggestion.
---@field trigger? string Ask for a suggestion here, also where none comes by itself.

---@param options? codestral.Options
function M.setup(options)
  options = options or {}
  for _, name in ipairs({ 'accept', 'dismiss', 'trigger' }) do
    if options[name] then
      require('codestral.keys').bind(options[name], M[name], name)
    end
  end
end

---Insert the suggestion that is shown.
---@return boolean accepted false where none is shown
function M.accept()
  return require('codestral.inline').accept()
end

---Hide the suggestion that is shown, until the text changes.
---@return boolean dismissed false where none is shown
function M.dismiss()
  return require('codestral.inline').dismiss()
end

---Ask for a suggestion at the cursor, also where none comes by itself.
---@return boolean asked false where no server is attached
function M.trigger()
  return require('codestral.inline').trigger()
end

---How completion fares, for a status line, which is redrawn when it changes. In the states `ready` and
---`working` there are completions; `warning` and `offline` end by themselves, `error` and `off` do not.
---@class codestral.Status
---@field state 'ready'|'working'|'warning'|'error'|'offline'|'off'
---@field message string One sentence or two; empty where there is nothing to say.
---@field model string The model in use.

---@return codestral.Status? status nil until the server has told
function M.status()
  return M._status
end

---@param status codestral.Status
function M.told(status)
  M._status = status
  vim.cmd.redrawstatus()
end

---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(client, bufnr)
  require('codestral.inline').attach(client, bufnr)
end

return M
