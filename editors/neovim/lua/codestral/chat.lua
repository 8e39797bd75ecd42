---A conversation about code, in a split into which the answers stream.
local page = require('codestral.page')

local M = {}

---@class (exact) codestral.Block
---@field path string
---@field language string
---@field code string

---What `codestral/chat` answers.
---@class codestral.Answer
---@field conversation string
---@field turn string
---@field markdown string
---@field blocks codestral.Block[]
---@field context string[] what the model was shown
---@field notes string[]
---@field model string
---@field cost_usd number?

---@class (exact) codestral.Turn
---@field answer codestral.Answer
---@field row integer where it begins

---@class (exact) codestral.Talk
---@field bufnr integer
---@field client vim.lsp.Client
---@field conversation string
---@field turns codestral.Turn[]
---@field request integer?
---@field finish? fun(failure: lsp.ResponseError?, answer: codestral.Answer?)

---What comes of an answer while it is written. The last piece of one that is stopped has all about it.
---@class codestral.Piece
---@field conversation string
---@field text string
---@field stopped codestral.Answer?

local talk ---@type codestral.Talk?
local count = 0
local listeners = {} ---@type table<string, fun(value: codestral.Piece)>

---Ask, in the conversation that is open, or a new one.
---@param client vim.lsp.Client
---@param question string
---@param context? table the `context` of `codestral/chat`
function M.ask(client, question, context)
  local current = M._talk(client)
  if current.request then
    vim.notify('Codestral is still answering. `:Codestral stop` ends that.', vim.log.levels.WARN)
    return
  end
  local row = M._append(current, ('## %s\n\n'):format(question:gsub('\n', '\n## ')))
  count = count + 1
  local token = 'codestral.chat.' .. count
  listeners[token] = function(value)
    current.conversation = value.conversation
    M._append(current, value.text)
  end
  current.finish = function(failure, answer)
    current.request, current.finish = nil, nil
    listeners[token] = not (failure or answer) and M._bill(current, row) or nil
    M._finish(current, row, failure, answer)
  end
  local params = { message = question, context = context, partialResultToken = token }
  params.conversation = current.conversation
  local _, request = client:request('codestral/chat', params, current.finish)
  current.request = request
end

---Forget the conversation and its page.
function M.reset()
  M.stop()
  if talk and vim.api.nvim_buf_is_valid(talk.bufnr) then
    vim.api.nvim_buf_delete(talk.bufnr, { force = true })
  end
  talk = nil
end

---End the answer that is being written.
function M.stop()
  if talk and talk.request and talk.finish then
    talk.client:cancel_request(talk.request)
    -- Neovim keeps the answer to a cancelled request to itself.
    talk.finish()
  end
end

---The server has ended: so has the answer that it was writing.
---@param client vim.lsp.Client
function M.lost(client)
  if talk and talk.client == client and talk.finish then
    talk.finish({ code = 0, message = 'The server has ended.' })
  end
end

---The server that is talked to, if it still runs.
---@return vim.lsp.Client?
function M.client()
  return talk and not talk.client:is_stopped() and talk.client or nil
end

---Apply the block of code under the cursor, or else the last one, to the file that it is for.
function M.apply()
  local here = talk and talk.bufnr == vim.api.nvim_get_current_buf()
  local answer, number = M._block(here and vim.api.nvim_win_get_cursor(0)[1] - 1 or -1)
  if not talk or not answer then
    vim.notify('There is no block of code in this conversation.', vim.log.levels.WARN)
    return
  end
  local argument = { conversation = answer.conversation, turn = answer.turn, block = number }
  local command = { title = 'Apply', command = 'codestral.chat.apply', arguments = { argument } }
  talk.client:exec_cmd(command, { bufnr = talk.bufnr })
end

---A piece of an answer comes. Any other progress is none of ours.
---@param params lsp.ProgressParams
---@return boolean heard
function M.hear(params)
  local listener = listeners[params.token]
  if listener then
    listener(params.value)
  end
  return listener ~= nil
end

---@private
---@param client vim.lsp.Client
---@return codestral.Talk
function M._talk(client)
  if not talk or not vim.api.nvim_buf_is_loaded(talk.bufnr) then
    M.reset()
    talk = { bufnr = page.open('chat'), client = client, conversation = '', turns = {} }
    M._bind(talk.bufnr)
  elseif talk.client ~= client then
    -- Another server knows nothing of what was said; it stays to be read.
    M.stop()
    talk.client, talk.conversation, talk.turns = client, '', {}
  end
  page.open('chat')
  return talk
end

---@private
---@param bufnr integer
function M._bind(bufnr)
  for key, words in pairs({ ['<CR>'] = 'chat', ['<C-c>'] = 'stop', ga = 'apply' }) do
    local command = ('<Cmd>Codestral %s<CR>'):format(words)
    vim.keymap.set('n', key, command, { buffer = bufnr, desc = 'Codestral: ' .. words })
  end
end

---Put text at the end.
---@private
---@param current codestral.Talk
---@param text string
---@return integer row the last one, to which the next text goes
function M._append(current, text)
  local bufnr = current.bufnr
  if not vim.api.nvim_buf_is_loaded(bufnr) then
    return 0
  end
  local last = vim.api.nvim_buf_get_lines(bufnr, -2, -1, false)[1]
  page.write(bufnr, -2, -1, last .. text)
  return vim.api.nvim_buf_line_count(bufnr) - 1
end

---@private
---@param current codestral.Talk
---@param row integer where the answer begins
---@param failure lsp.ResponseError?
---@param answer codestral.Answer?
function M._finish(current, row, failure, answer)
  if not vim.api.nvim_buf_is_loaded(current.bufnr) then
    return
  end
  if answer then
    current.conversation = answer.conversation
    table.insert(current.turns, { answer = answer, row = row })
    page.write(current.bufnr, row, -1, answer.markdown)
  end
  local why = failure and failure.message or 'Stopped.'
  M._append(current, ('\n\n> %s\n\n'):format(answer and M._facts(answer) or why))
end

---What to do with the pieces of an answer that was stopped: the last one tells what it took.
---@private
---@param current codestral.Talk
---@param row integer where the answer begins
---@return fun(value: codestral.Piece)
function M._bill(current, row)
  return function(value)
    local answer = value.stopped
    if answer and not current.request and vim.api.nvim_buf_is_loaded(current.bufnr) then
      table.insert(current.turns, { answer = answer, row = row })
      M._append(current, ('> %s\n\n'):format(M._facts(answer)))
    end
  end
end

---What an answer was made by and of, and what it cost.
---@private
---@param answer codestral.Answer
---@return string
function M._facts(answer)
  local facts = { answer.model } ---@type string[]
  if type(answer.cost_usd) == 'number' then
    facts[2] = ('$%.4f'):format(answer.cost_usd)
  end
  vim.list_extend(facts, answer.context)
  return table.concat({ table.concat(facts, ' · '), unpack(answer.notes) }, '\n> ')
end

---The block of code at a row, or else the last one.
---@private
---@param row integer -1 for none
---@return codestral.Answer? answer
---@return integer number from 0
function M._block(row)
  local answer, number ---@type codestral.Answer?, integer
  if not talk then
    return nil, 0
  end
  for _, turn in ipairs(talk.turns) do
    local after = turn.row
    for index, block in ipairs(turn.answer.blocks) do
      local first, last = M._find(talk.bufnr, block.code, after)
      answer, number, after = turn.answer, index - 1, last
      if first <= row and row <= last then
        return answer, number
      end
    end
  end
  return answer, number
end

---The rows of a block's fences.
---@private
---@param bufnr integer
---@param code string
---@param after integer
---@return integer first
---@return integer last
function M._find(bufnr, code, after)
  local height = #vim.split(vim.trim(code), '\n')
  local rows = vim.api.nvim_buf_get_lines(bufnr, after, -1, false)
  for index = 1, #rows - height + 1 do
    local piece = table.concat(rows, '\n', index, index + height - 1)
    if vim.trim(piece) == vim.trim(code) then
      return after + index - 2, after + index + height - 1
    end
  end
  return after, after
end

return M
