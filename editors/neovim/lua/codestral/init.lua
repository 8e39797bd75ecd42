---AI completion as ghost text, from the language server codestral-ls.
---
---`vim.lsp.enable('codestral_ls')` is all it needs; `setup` only binds keys.
local M = {}

---What keys can do in insert mode, as `setup` and `<Plug>(codestral-…)` name it.
M.ACTIONS = { 'accept', 'accept_word', 'accept_line', 'next', 'previous', 'dismiss', 'trigger' }

---Keys are those of insert mode. None is bound unless it is named here; `<Plug>(codestral-accept)` and so on
---always are. Without a suggestion, the keys do what they did before.
---@class codestral.Options
---@field accept? string Insert the suggestion.
---@field accept_word? string Insert its next word.
---@field accept_line? string Insert its next line.
---@field next? string Show the next suggestion.
---@field previous? string Show the one before.
---@field dismiss? string Hide the suggestion.
---@field trigger? string Ask for a suggestion here, also where none comes by itself.
---@field native? boolean Leave ghost text to Neovim 0.12.
---@field preview? boolean Look at each refactoring before it is made.

local native = false

---@param options? codestral.Options
function M.setup(options)
  options = options or {}
  native = options.native == true and vim.lsp.inline_completion ~= nil
  if options.preview then
    require('codestral.preview').enable()
  end
  for _, name in ipairs(M.ACTIONS) do
    if options[name] then
      require('codestral.keys').bind(options[name], M[name], name)
    end
  end
end

---Whether a suggestion is shown that `accept` would insert.
---@return boolean
function M.visible()
  return require('codestral.inline').visible()
end

---Insert the suggestion that is shown.
---@return boolean accepted false where none is shown
function M.accept()
  return M._ghost('accept')
end

---Insert the next word of the suggestion.
---@return boolean accepted false where none is shown
function M.accept_word()
  return M._ghost('accept_word')
end

---Insert the next line of the suggestion, or what is left of this one.
---@return boolean accepted false where none is shown
function M.accept_line()
  return M._ghost('accept_line')
end

---Show the next suggestion; while only one is known, ask for more.
---@return boolean shown false where none is shown
function M.next()
  return M._ghost('next')
end

---Show the suggestion before.
---@return boolean shown false where none is shown
function M.previous()
  return M._ghost('previous')
end

---Hide the suggestion that is shown, until the text changes.
---@return boolean dismissed false where none is shown
function M.dismiss()
  return M._ghost('dismiss')
end

---Ask for a suggestion at the cursor, also where none comes by itself.
---@return boolean asked false where no server is attached
function M.trigger()
  return M._ghost('trigger')
end

---Stop suggesting while one types, or begin again, in all buffers: `vim.g.codestral_enabled`. For one buffer there
---is `vim.b.codestral_enabled`.
---@return boolean enabled
function M.toggle()
  vim.g.codestral_enabled = vim.g.codestral_enabled == false
  if not vim.g.codestral_enabled then
    M.dismiss()
  end
  vim.cmd.redrawstatus()
  return vim.g.codestral_enabled
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

---A few characters for a status line: the model, and its state where that is worth a word.
---@return string
function M.statusline()
  local status = M._status
  if not status or #vim.lsp.get_clients({ bufnr = 0, name = 'codestral_ls' }) == 0 then
    return ''
  end
  local paused = vim.g.codestral_enabled == false or vim.b.codestral_enabled == false
  local state = paused and 'paused' or status.state
  local name = status.model ~= '' and status.model or 'codestral-ls'
  return state == 'ready' and name or ('%s: %s'):format(name, state)
end

---@param status codestral.Status
function M.told(status)
  M._status = status
  vim.cmd.redrawstatus()
end

---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(client, bufnr)
  require(native and 'codestral.native' or 'codestral.inline').attach(client, bufnr)
end

---@private
---@param name string
---@return boolean
function M._ghost(name)
  local act = require(native and 'codestral.native' or 'codestral.inline')[name]
  return act ~= nil and act()
end

return M
