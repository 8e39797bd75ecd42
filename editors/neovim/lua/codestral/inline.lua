---Ghost text. One suggestion at a time: that at the cursor.
---
---Neovim 0.12 has its own, which waits 200 ms before it asks. Accepted meanwhile, it inserts a second time what was
---typed of the suggestion (seen in 0.12.4), so it is not used.
local draw = require('codestral.draw')
local at = require('codestral.suggestion')

local M = {}

local INVOKED, AUTOMATIC = 1, 2

---@class (exact) codestral.Asked
---@field client vim.lsp.Client
---@field id integer

local shown ---@type codestral.Suggestion?
local asked ---@type codestral.Asked?
local seen ---@type codestral.Place?

---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(client, bufnr)
  if vim.lsp.inline_completion then
    vim.lsp.inline_completion.enable(false, { client_id = client.id })
  end
  local group = vim.api.nvim_create_augroup('codestral.inline.' .. bufnr, {})
  local function on(events, callback)
    vim.api.nvim_create_autocmd(events, { group = group, buffer = bufnr, callback = callback })
  end
  local function refresh()
    M._refresh(client)
  end
  on({ 'TextChangedI', 'TextChangedP', 'CursorMovedI' }, refresh)
  -- This event comes before the mode has changed.
  on('InsertEnter', vim.schedule_wrap(refresh))
  on({ 'InsertLeave', 'BufLeave' }, M._forget)
end

---@return boolean
function M.accept()
  local suggestion, place = shown, at.here()
  if not suggestion or not at.left(suggestion, place) then
    return false
  end
  M._forget()
  at.insert(suggestion, place)
  local client = vim.lsp.get_client_by_id(suggestion.client_id)
  if client and suggestion.item.command then
    client:exec_cmd(suggestion.item.command, { bufnr = suggestion.bufnr })
  end
  return true
end

---@return boolean
function M.dismiss()
  local had = shown ~= nil
  M._hide()
  M._cancel()
  return had
end

---@return boolean
function M.trigger()
  local client = vim.lsp.get_clients({ bufnr = 0, name = 'codestral_ls' })[1]
  if client then
    M._ask(client, at.here(), INVOKED)
  end
  return client ~= nil
end

---Follow the cursor: shorten the suggestion while its own text is typed, ask for another one elsewhere.
---@private
---@param client vim.lsp.Client
function M._refresh(client)
  local place = at.here()
  if vim.deep_equal(place, seen) or not M._typing() then
    return
  end
  seen = place
  if not M._follow(place) then
    M._ask(client, place, AUTOMATIC)
  end
end

---@private
---@return boolean
function M._typing()
  return vim.api.nvim_get_mode().mode:sub(1, 1) == 'i' and vim.fn.reg_executing() == ''
end

---Draw what is left of the suggestion, or nothing at all.
---@private
---@param place codestral.Place
---@return boolean drawn
function M._follow(place)
  local left = shown and at.left(shown, place)
  if shown and left and draw.draw(shown, place, left) then
    return true
  end
  M._hide()
  return false
end

---@private
---@param client vim.lsp.Client
---@param place codestral.Place
---@param kind integer
function M._ask(client, place, kind)
  M._cancel()
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  ---@cast params lsp.InlineCompletionParams
  params.context = { triggerKind = kind }
  local id ---@type integer?
  local sent
  sent, id = client:request('textDocument/inlineCompletion', params, function(_, result)
    if asked and asked.id == id then
      asked = nil
      M._show(result, client, place)
    end
  end, place.bufnr)
  asked = sent and id and { client = client, id = id } or nil
end

---@private
---@param result lsp.InlineCompletionList|lsp.InlineCompletionItem[]|nil
---@param client vim.lsp.Client
---@param place codestral.Place where it was asked for
function M._show(result, client, place)
  local item = result and (result.items or result)[1]
  if not item or not M._typing() then
    return
  end
  shown = at.of(item, client, place)
  if M._follow(at.here()) then
    client:notify('textDocument/didShowCompletion', { item = item })
  end
end

---@private
function M._hide()
  if shown then
    draw.clear(shown.bufnr)
    shown = nil
  end
end

---@private
function M._cancel()
  if asked then
    asked.client:cancel_request(asked.id)
    asked = nil
  end
end

---@private
function M._forget()
  M._hide()
  M._cancel()
  seen = nil
end

return M
