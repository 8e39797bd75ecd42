---A server that has crashed is started again: at once, then after longer and longer, and at last not at all.
local M = {}

---Milliseconds before each start, counted over the crashes of the last minutes. Beyond the last, there is none.
M.delays = { 0, 1000, 4000, 10000 }

local MEMORY = 3 * 60 * 1000
local AGAIN = 'The server has ended by itself and is started again.'
local GIVEN_UP =
  'codestral-ls keeps crashing, so it is not started again before the next `:edit`: see `:Codestral log`.'

local crashes = {} ---@type number[]

---A server has ended. It is not started again where somebody has asked it to.
---@param client vim.lsp.Client
---@param code integer
---@param signal integer
function M.exited(client, code, signal)
  ---@diagnostic disable-next-line: invisible
  local wanted = client._is_stopping or (code == 0 and signal == 0)
  local buffers = vim.tbl_keys(client.attached_buffers)
  vim.schedule(function()
    require('codestral.chat').lost(client)
    if not wanted then
      M._crashed(client, buffers)
    end
  end)
end

---@private
---@param client vim.lsp.Client
---@param buffers integer[]
function M._crashed(client, buffers)
  local now = vim.uv.now()
  crashes = vim.tbl_filter(function(crash)
    return now - crash < MEMORY
  end, crashes)
  table.insert(crashes, now)
  local delay = M.delays[#crashes]
  M._tell(delay and 'warning' or 'error', delay and AGAIN or GIVEN_UP)
  if delay then
    vim.defer_fn(function()
      M._start(client, buffers)
    end, delay)
  else
    vim.notify(GIVEN_UP, vim.log.levels.ERROR)
  end
end

---@private
---@param client vim.lsp.Client
---@param buffers integer[] those that it had
function M._start(client, buffers)
  if vim.v.exiting ~= vim.NIL then
    return
  end
  for _, bufnr in ipairs(vim.tbl_filter(vim.api.nvim_buf_is_loaded, buffers)) do
    vim.lsp.start(client.config, { bufnr = bufnr })
  end
end

---@private
---@param state 'warning'|'error'
---@param message string
function M._tell(state, message)
  local codestral = require('codestral')
  local before = codestral.status()
  codestral.told({ state = state, message = message, model = before and before.model or '' })
end

return M
