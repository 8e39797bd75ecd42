---`:checkhealth codestral`
local M = {}

local health = vim.health

local ADVICE = 'Install it where Neovim finds it, for example with pipx, or name it in vim.lsp.config().'

function M.check()
  health.start('codestral')
  M._neovim()
  local program = M._program()
  if program then
    M._client()
    M._doctor(program)
  end
end

---@private
function M._neovim()
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok(('Neovim %s'):format(vim.version()))
  else
    health.error('Neovim is older than 0.11, which this plug-in needs.')
  end
end

---@private
---@return string[]?
function M._program()
  local program = require('codestral.program').words()
  if not program then
    health.info('The server is started by a function of yours.')
    return nil
  end
  local version = vim.fn.executable(program[1]) == 1 and M._run(program, '--version'):wait(10000)
  if not version or version.code ~= 0 then
    health.error(('`%s` cannot be run.'):format(table.concat(program, ' ')), ADVICE)
    return nil
  end
  health.ok(vim.trim(version.stdout))
  return program
end

---@private
---@param program string[]
---@param argument string
---@return vim.SystemObj
function M._run(program, argument)
  local line = vim.list_extend(vim.list_slice(program), { argument })
  return vim.system(line, { text = true, env = { NO_COLOR = '1' } })
end

---@private
function M._client()
  local clients = vim.lsp.get_clients({ name = 'codestral_ls' })
  if #clients == 0 then
    local enabled = vim.lsp.is_enabled and vim.lsp.is_enabled('codestral_ls')
    local advice = enabled and 'Open a file first.' or "Put vim.lsp.enable('codestral_ls') into your init.lua."
    health.warn('The server is not running.', advice)
    return
  end
  local status = require('codestral').status()
  local good = status and (status.state == 'ready' or status.state == 'working')
  local said = status and vim.trim(('%s: %s. %s'):format(status.model, status.state, status.message))
  health[good and 'ok' or 'warn'](said or 'The server has not said how it is.')
  if vim.g.codestral_enabled == false then
    health.warn('Suggestions are switched off.', '`:Codestral toggle`')
  end
end

---The program knows its own files, not what Neovim tells the server.
---@private
---@param program string[]
function M._doctor(program)
  health.start('codestral: what `codestral-ls doctor` finds without the settings in Neovim')
  local done = M._run(program, 'doctor'):wait(60000)
  health[done.code == 0 and 'ok' or 'warn'](vim.trim((done.stdout or '') .. (done.stderr or '')))
end

return M
