---Ghost text. One suggestion at a time: that at the cursor.
---
---Neovim 0.12 has its own (`native.lua`), which waits 200 ms before it asks. Accepted meanwhile, it inserts a second
---time what was typed of the suggestion (seen in 0.12.4), so it is not used unless somebody asks for it.
local draw = require('codestral.draw')
local menu = require('codestral.menu')
local at = require('codestral.suggestion')

local M = {}

local INVOKED, AUTOMATIC = 1, 2

---@class (exact) codestral.Asked
---@field client vim.lsp.Client
---@field id integer

local shown ---@type codestral.Suggestion?
local found = {} ---@type codestral.Suggestion[] the shown one, and alternatives to it
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
function M.visible()
  return shown ~= nil and at.left(shown, at.here()) ~= nil
end

---@return boolean
function M.accept()
  local suggestion = shown
  if not suggestion or not M.visible() then
    return false
  end
  M._forget()
  menu.close()
  at.insert(suggestion, at.here())
  local client = vim.lsp.get_client_by_id(suggestion.client_id)
  if client and suggestion.item.command then
    client:exec_cmd(suggestion.item.command, { bufnr = suggestion.bufnr })
  end
  return true
end

---@return boolean
function M.accept_word()
  return M._accept_part(at.word)
end

---@return boolean
function M.accept_line()
  return M._accept_part(at.line)
end

---@return boolean
function M.next()
  return M._cycle(1)
end

---@return boolean
function M.previous()
  return M._cycle(-1)
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
    M._ask(client, at.here(), INVOKED, 0)
  end
  return client ~= nil
end

---Put a part of the suggestion into the text, and leave the rest as ghost text.
---@private
---@param part_of fun(left: string): string
---@return boolean
function M._accept_part(part_of)
  local place = at.here()
  local left = shown and at.left(shown, place)
  if not shown or not left then
    return false
  end
  local part = part_of(left)
  if left:sub(#part + 1) == shown.replaced then
    return M.accept()
  end
  menu.close()
  at.insert_part(place, part)
  seen = at.here()
  M._follow(seen)
  M._tell_part(#shown.text - #left + #part)
  return true
end

---@private
---@param bytes integer how much of the suggestion's text is accepted by now
function M._tell_part(bytes)
  local client = shown and vim.lsp.get_client_by_id(shown.client_id)
  if client and shown then
    local length = vim.str_utfindex(shown.text, 'utf-16', bytes)
    client:notify('textDocument/didPartiallyAcceptCompletion', { item = shown.item, acceptedLength = length })
  end
end

---Show another suggestion. While only one is known, the server is asked for more.
---@private
---@param step integer
---@return boolean
function M._cycle(step)
  local place = at.here()
  if not shown or not at.left(shown, place) then
    return false
  end
  local fitting = at.different(found, place)
  local client = vim.lsp.get_client_by_id(shown.client_id)
  if #fitting > 1 then
    M._turn(fitting, place, step)
  elseif client then
    M._ask(client, place, INVOKED, step)
  end
  return true
end

---@private
---@param fitting codestral.Suggestion[]
---@param place codestral.Place
---@param step integer from the shown one, or else from the first one
function M._turn(fitting, place, step)
  local index = 1
  for other, suggestion in ipairs(fitting) do
    index = suggestion == shown and other or index
  end
  shown = fitting[(index - 1 + step) % #fitting + 1]
  if shown and M._follow(place) then
    M._tell_shown(shown)
  end
end

---@private
---@param suggestion codestral.Suggestion
function M._tell_shown(suggestion)
  local client = vim.lsp.get_client_by_id(suggestion.client_id)
  if client then
    client:notify('textDocument/didShowCompletion', { item = suggestion.item })
  end
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
  if not M._follow(place) and M._wanted(place.bufnr) then
    M._ask(client, place, AUTOMATIC, 0)
  end
end

---@private
---@param bufnr integer
---@return boolean
function M._wanted(bufnr)
  return vim.g.codestral_enabled ~= false and vim.b[bufnr].codestral_enabled ~= false
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
---@param step integer which of the answer's suggestions to show, counted from the shown one
function M._ask(client, place, kind, step)
  M._cancel()
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  ---@cast params lsp.InlineCompletionParams
  params.context = { triggerKind = kind }
  local id ---@type integer?
  local sent
  sent, id = client:request('textDocument/inlineCompletion', params, function(_, result)
    if asked and asked.id == id then
      asked = nil
      M._show(result, client, place, step)
    end
  end, place.bufnr)
  asked = sent and id and { client = client, id = id } or nil
end

---@private
---@param result lsp.InlineCompletionList|lsp.InlineCompletionItem[]|nil
---@param client vim.lsp.Client
---@param place codestral.Place where it was asked for
---@param step integer
function M._show(result, client, place, step)
  local items = result and (result.items or result) or {}
  if #items == 0 or not M._typing() then
    return
  end
  local answer = vim.tbl_map(function(item)
    return at.of(item, client, place)
  end, items)
  step = shown and step or 0
  found = step == 0 and answer or vim.list_extend({ shown }, answer)
  local here = at.here()
  local fitting = at.different(found, here)
  if fitting[1] and (step == 0 or #fitting > 1) then
    M._turn(fitting, here, step)
  end
end

---@private
function M._hide()
  if shown then
    draw.clear(shown.bufnr)
    shown, found = nil, {}
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
