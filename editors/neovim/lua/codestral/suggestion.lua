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
  local first = vim.api.nvim_buf_get_lines(place.bufnr, row, row + 1, false)[1] or ''
  local behind = place.line:sub(place.col + 1)
  if first:sub(1, col) ~= suggestion.head or behind ~= suggestion.replaced .. suggestion.rest then
    return nil
  end
  local typed = vim.api.nvim_buf_get_text(place.bufnr, row, col, place.row, place.col, {})
  local before = table.concat(typed, '\n')
  local left = suggestion.text:sub(#before + 1)
  return vim.startswith(suggestion.text, before) and left ~= suggestion.replaced and left or nil
end

---Those that fit at a place, without any whose text is that of one before.
---@param suggestions codestral.Suggestion[]
---@param place codestral.Place
---@return codestral.Suggestion[]
function M.different(suggestions, place)
  local known = {} ---@type table<string, boolean>
  return vim.tbl_filter(function(suggestion)
    local left = M.left(suggestion, place)
    local new = left ~= nil and not known[left]
    known[left or ''] = true
    return new
  end, suggestions)
end

---The blanks at the beginning of a text, with the word or the signs behind them.
---@param left string
---@return string
function M.word(left)
  local word = vim.fn.matchstr(left, [[^\_s*\%(\k\+\|\%(\k\@!\S\)\+\)]])
  return word ~= '' and word or left
end

---The empty lines at the beginning of a text, with the line behind them, but without its end.
---@param left string
---@return string
function M.line(left)
  return left:match('^%s*\n?[^\n]+') or left
end

---Put it into the text, with the cursor behind it, as one step of undo.
---@param suggestion codestral.Suggestion
---@param place codestral.Place
function M.insert(suggestion, place)
  local from = { row = suggestion.row, col = suggestion.col }
  M._replace(suggestion.bufnr, from, { row = place.row, col = place.col + #suggestion.replaced }, suggestion.text)
end

---Put a part of what is left of it into the text, with the cursor behind it, as one step of undo.
---@param place codestral.Place
---@param part string
function M.insert_part(place, part)
  M._replace(place.bufnr, place, place, part)
end

---@private
---@param bufnr integer
---@param first { row: integer, col: integer }
---@param last { row: integer, col: integer }
---@param text string
function M._replace(bufnr, first, last, text)
  -- Setting this option, to whatever value, ends the step of undo that the typing before it belongs to.
  vim.go.undolevels = vim.go.undolevels
  local lines = vim.split(text, '\n', { plain = true })
  vim.api.nvim_buf_set_text(bufnr, first.row, first.col, last.row, last.col, lines)
  local column = #lines[#lines] + (#lines == 1 and first.col or 0)
  vim.api.nvim_win_set_cursor(0, { first.row + #lines, column })
end

return M
