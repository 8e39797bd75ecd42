---A refactoring is looked at before it is made, for those who ask for it: `setup({ preview = true })`.
local page = require('codestral.page')

local M = {}

local DISMISSED = { code = vim.lsp.protocol.ErrorCodes.RequestCancelled, message = 'The change was dismissed.' }

local decide ---@type fun(yes: boolean)?

---Have every refactoring come by `workspace/applyEdit`, where it can be looked at, as from now on the server does
---for an editor that does not resolve code actions.
function M.enable()
  vim.lsp.config('codestral_ls', {
    capabilities = { textDocument = { codeAction = { dataSupport = false } } },
    handlers = { ['workspace/applyEdit'] = M.ask },
  })
end

---Show a change, wait until the user has decided, and answer the server.
---@async
---@param _ nil
---@param params lsp.ApplyWorkspaceEditParams
---@param context lsp.HandlerContext
---@return lsp.ApplyWorkspaceEditResult|vim.NIL
---@return lsp.ResponseError?
function M.ask(_, params, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  local waiting = assert(coroutine.running())
  M._show(M._diff(params.edit, client.offset_encoding), function(yes)
    coroutine.resume(waiting, yes)
  end)
  local wanted = coroutine.yield()
  if wanted and client:is_stopped() then
    vim.notify('codestral-ls: The server has ended, so nothing was changed; ask again.', vim.log.levels.ERROR)
  elseif wanted then
    return vim.lsp.handlers['workspace/applyEdit'](nil, params, context)
  end
  return vim.NIL, DISMISSED
end

---@private
---@param diff string
---@param done fun(yes: boolean)
function M._show(diff, done)
  M._decided(false)
  local bufnr = page.show('preview', diff, 'diff')
  vim.wo[0][0].winbar = '<CR> applies, q dismisses'
  decide = done
  vim.keymap.set('n', '<CR>', function()
    local go = decide
    decide = nil
    vim.cmd('silent! close')
    if go then
      go(true)
    end
  end, { buffer = bufnr, desc = 'Codestral: apply' })
  vim.api.nvim_create_autocmd('BufWinLeave', {
    group = vim.api.nvim_create_augroup('codestral.preview', {}),
    buffer = bufnr,
    callback = function()
      M._decided(false)
    end,
  })
end

---@private
---@param yes boolean
function M._decided(yes)
  local done = decide
  decide = nil
  if done then
    done(yes)
  end
end

---@private
---@param edit lsp.WorkspaceEdit always with `documentChanges`, since Neovim announces them
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return string
function M._diff(edit, encoding)
  local created = {} ---@type table<string, boolean>
  local parts = {} ---@type string[]
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.kind == 'create' then
      created[change.uri] = true
    else
      local uri = change.textDocument.uri
      vim.list_extend(parts, M._file(uri, created[uri], change.edits, encoding))
    end
  end
  return table.concat(parts, '\n')
end

---@private
---@param uri string
---@param new boolean?
---@param edits lsp.TextEdit[]
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return string[]
function M._file(uri, new, edits, encoding)
  local before = new and {} or M._lines(uri)
  local scratch = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(scratch, 0, -1, false, before)
  vim.lsp.util.apply_text_edits(edits, scratch, encoding)
  local after = vim.api.nvim_buf_get_lines(scratch, 0, -1, false)
  vim.api.nvim_buf_delete(scratch, { force = true })
  if new and after[#after] == '' then
    table.remove(after)
  end
  local name = vim.fn.fnamemodify(vim.uri_to_fname(uri), ':~:.')
  local compare = vim.text.diff or vim.diff
  local hunks = compare(M._text(before), M._text(after), { ctxlen = 3 }) --[[@as string]]
  return { new and '--- /dev/null' or '--- ' .. name, '+++ ' .. name, (hunks:gsub('\n$', '')) }
end

---@private
---@param uri string
---@return string[]
function M._lines(uri)
  local bufnr = vim.uri_to_bufnr(uri)
  vim.fn.bufload(bufnr)
  return vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
end

---@private
---@param lines string[]
---@return string
function M._text(lines)
  return #lines == 0 and '' or table.concat(lines, '\n') .. '\n'
end

return M
