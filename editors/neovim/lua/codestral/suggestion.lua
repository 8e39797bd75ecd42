---One suggestion at its place in the text. Rows and columns begin at 0; columns count bytes.
local M = {}

---The cursor, its line and its buffer at one moment.
---@class (exact) codestral.Place
---@field bufnr integer
---@field tick integer
---@field row integer
---@field col integer
---@field line string

---@class (exact) codestral.Suggestion
---@field item lsp.InlineCompletionItem
---@field client_id integer
---@field bufnr integer
---@field row integer where `text` begins
---@field col integer
---@field head string the line up to there
---@field replaced string what `text` replaces behind the cursor
---@field rest string what the line keeps behind that
---@field text string

---@return codestral.Place
function M.here()
  local bufnr = vim.api.nvim_get_current_buf()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  return {
    bufnr = bufnr,
    tick = vim.api.nvim_buf_get_changedtick(bufnr),
    row = row - 1,
    col = col,
    line = vim.api.nvim_get_current_line(),
  }
end

---@param item lsp.InlineCompletionItem
---@param client vim.lsp.Client
---@param place codestral.Place where it was asked for
---@return codestral.Suggestion
function M.of(item, client, place)
  local first, last = place.col, place.col
  if item.range then
    local encoding = client.offset_encoding
    first = vim.str_byteindex(place.line, encoding, item.range.start.character, false)
    last = vim.str_byteindex(place.line, encoding, item.range['end'].character, false)
  end
  return {
    item = item,
    client_id = client.id,
    bufnr = place.bufnr,
    row = place.row,
    col = first,
    head = place.line:sub(1, first),
    replaced = place.line:sub(place.col + 1, last),
    rest = place.line:sub(last + 1),
    text = item.insertText:gsub('\r\n?', '\n'),
  }
end

---What of a suggestion is still to be inserted at a place; nil where it fits no longer.
---@param suggestion codestral.Suggestion
---@param place codestral.Place
---@return string?
function M.left(suggestion, place)
  local row, col = suggestion.row, suggestion.col
  if place.bufnr ~= suggestion.bufnr or place.row < row or (place.row == row and place.col < col) then
    return nil
  end
  local first = vim.api.nvim_buf_get_lines(place.bufnr, row, row + 1, false)[1]
  local behind = place.line:sub(place.col + 1)
  if first:sub(1, col) ~= suggestion.head or behind ~= suggestion.replaced .. suggestion.rest then
    return nil
  end
  local typed = vim.api.nvim_buf_get_text(place.bufnr, row, col, place.row, place.col, {})
  local before = table.concat(typed, '\n')
  local left = suggestion.text:sub(#before + 1)
  return vim.startswith(suggestion.text, before) and left ~= suggestion.replaced and left or nil
end

---Put it into the text, with the cursor behind it, as one step of undo.
---@param suggestion codestral.Suggestion
---@param place codestral.Place
function M.insert(suggestion, place)
  -- Setting this option, to whatever value, ends the step of undo that the typing before it belongs to.
  vim.go.undolevels = vim.go.undolevels
  local lines = vim.split(suggestion.text, '\n', { plain = true })
  local row, col = suggestion.row, suggestion.col
  local stop = place.col + #suggestion.replaced
  vim.api.nvim_buf_set_text(suggestion.bufnr, row, col, place.row, stop, lines)
  local column = #lines[#lines] + (#lines == 1 and col or 0)
  vim.api.nvim_win_set_cursor(0, { row + #lines, column })
end

return M
