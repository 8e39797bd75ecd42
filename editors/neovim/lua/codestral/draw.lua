---Ghost text: a suggestion in the buffer's picture, not in its text.
local M = {}

local namespace = vim.api.nvim_create_namespace('codestral')

-- The group of Neovim 0.12's own ghost text, so that a colour scheme for the one suits the other. Where it says
-- nothing for a terminal of few colours, as Neovim's default scheme does, ghost text would look like text: so grey.
local GHOST = { 'CodestralGhost', 'ComplHint' }
vim.api.nvim_set_hl(0, GHOST[1], { ctermfg = 'DarkGrey', default = true })
vim.api.nvim_set_hl(0, GHOST[2], { link = 'NonText', default = true })

---@param bufnr integer
function M.clear(bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
end

---@param suggestion codestral.Suggestion
---@param place codestral.Place
---@param left string what of it is still to be inserted
---@return boolean drawn false where it cannot be shown without hiding text of the buffer
function M.draw(suggestion, place, left)
  M.clear(place.bufnr)
  local lines = vim.split(left, '\n', { plain = true })
  if #lines == 1 then
    return M._between(suggestion.replaced, place, left)
  end
  lines[#lines] = lines[#lines] .. suggestion.rest
  M._lines(lines, place)
  return true
end

---Draw what is new of one line around the text that stays: `a, b` before and `;` behind the bracket in `)`.
---@private
---@param replaced string
---@param place codestral.Place
---@param left string
---@return boolean
function M._between(replaced, place, left)
  local marks, from = {}, 1 ---@type [integer, string][], integer
  for index, character in M._characters(replaced) do
    local found = left:find(character, from, true)
    if not found then
      return false
    end
    marks[#marks + 1] = { index - 1, left:sub(from, found - 1) }
    from = found + #character
  end
  marks[#marks + 1] = { #replaced, left:sub(from) }
  for _, mark in ipairs(marks) do
    M._mark(place, mark[1], mark[2], 'inline')
  end
  return true
end

---Draw several lines. The text behind the cursor goes down to the last of them, so it is covered here.
---@private
---@param lines string[]
---@param place codestral.Place
function M._lines(lines, place)
  local behind = place.line:sub(place.col + 1)
  local missing = vim.fn.strdisplaywidth(behind) - vim.fn.strdisplaywidth(lines[1])
  local first = lines[1] .. (' '):rep(missing)
  local below = {} ---@type [string, string][][]
  for index = 2, #lines do
    below[#below + 1] = { { M._without_tabs(lines[index], 0), GHOST } }
  end
  M._mark(place, 0, first, behind == '' and 'inline' or 'overlay', below)
end

---@private
---@param place codestral.Place
---@param behind integer bytes behind the cursor
---@param text string
---@param position 'inline'|'overlay'
---@param below? [string, string][][]
function M._mark(place, behind, text, position, below)
  local column = place.col + behind
  local before = vim.fn.strdisplaywidth(place.line:sub(1, column))
  vim.api.nvim_buf_set_extmark(place.bufnr, namespace, place.row, column, {
    virt_text = { { M._without_tabs(text, before), GHOST } },
    virt_text_pos = position,
    virt_lines = below,
    undo_restore = false,
  })
end

---Each character of a text with the byte at which it begins.
---@private
---@param text string
---@return fun(): integer?, string?
function M._characters(text)
  local starts, index = vim.str_utf_pos(text), 0
  return function()
    index = index + 1
    local first = starts[index]
    if first then
      return first, text:sub(first, (starts[index + 1] or #text + 1) - 1)
    end
  end
end

---Virtual text has no tab stops, so tabs become the blanks that they will take.
---@private
---@param text string
---@param column integer where it begins on the screen
---@return string
function M._without_tabs(text, column)
  local width, done = vim.fn.strdisplaywidth, ''
  for part, tab in text:gmatch('([^\t]*)(\t?)') do
    done = done .. part
    done = done .. (' '):rep(width(tab, column + width(done, column)))
  end
  return done
end

return M
