---Texts to read, in a split: explanations, answers, what a command printed.
local M = {}

---@param name string what the buffer is called, as `codestral://name`
---@param text string
---@param filetype? string Markdown if none is named
---@return integer bufnr
function M.show(name, text, filetype)
  local bufnr = M.open(name, filetype)
  M.write(bufnr, 0, -1, text)
  return bufnr
end

---The page of that name in a window, which gets the focus; a new one if there is none.
---@param name string
---@param filetype? string
---@return integer bufnr
function M.open(name, filetype)
  local bufnr = M._buffer('codestral://' .. name)
  local window = vim.fn.win_findbuf(bufnr)[1]
  if window then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd.split({ mods = { vertical = vim.o.columns >= 120 } })
    vim.api.nvim_win_set_buf(0, bufnr)
    vim.wo[0][0].wrap, vim.wo[0][0].linebreak = true, true
  end
  vim.bo[bufnr].filetype = filetype or 'markdown'
  return bufnr
end

---Replace lines. The user does not edit a page by accident.
---@param bufnr integer
---@param first integer from 0
---@param last integer exclusive, -1 for the end
---@param text string
function M.write(bufnr, first, last, text)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, first, last, false, vim.split(text, '\r?\n'))
  vim.bo[bufnr].modifiable, vim.bo[bufnr].modified = false, false
  M._follow(bufnr)
end

---@private
---@param name string
---@return integer bufnr
function M._buffer(name)
  local known = vim.fn.bufnr('^' .. vim.fn.escape(name, [[\*?[{]]) .. '$')
  if known > 0 and vim.api.nvim_buf_is_loaded(known) then
    return known
  elseif known > 0 then
    -- `:bdelete` leaves the name, and neither keys nor options.
    vim.api.nvim_buf_delete(known, { force = true })
  end
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(bufnr, name)
  vim.bo[bufnr].modifiable = false
  vim.keymap.set('n', 'q', '<C-w>c', { buffer = bufnr, desc = 'Codestral: close' })
  return bufnr
end

---Keep the end in sight where nobody reads above it.
---@private
---@param bufnr integer
function M._follow(bufnr)
  local last = vim.api.nvim_buf_line_count(bufnr)
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    if window ~= vim.api.nvim_get_current_win() then
      vim.api.nvim_win_set_cursor(window, { last, 0 })
    end
  end
end

return M
