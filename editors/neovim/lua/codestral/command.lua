---`:Codestral`, with everything that is more than typing on.
local M = {}

local CHANGE, ASK = 'What is to change? ', 'What would you like to know? '

---@return vim.lsp.Client?
local function client()
  local here = vim.lsp.get_clients({ name = 'codestral_ls', bufnr = 0 })[1]
  -- There may be several, each for a project of its own.
  local found = here or require('codestral.chat').client() or vim.lsp.get_clients({ name = 'codestral_ls' })[1]
  if not found then
    vim.notify('codestral-ls is not running: see `:checkhealth codestral`.', vim.log.levels.ERROR)
  end
  return found
end

---@param prompt string
---@param given string what was typed behind the subcommand
---@param go fun(text: string)
local function with_text(prompt, given, go)
  if given ~= '' then
    go(given)
    return
  end
  vim.ui.input({ prompt = prompt }, function(text)
    if text and vim.trim(text) ~= '' then
      go(text)
    end
  end)
end

---The lines of a range, or the cursor's place.
---@param opts vim.api.keyset.create_user_command.command_args
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return lsp.Range
local function range(opts, encoding)
  if opts.range == 0 then
    local here = vim.lsp.util.make_position_params(0, encoding).position
    return { start = here, ['end'] = here }
  end
  local last = vim.api.nvim_buf_get_lines(0, opts.line2 - 1, opts.line2, false)[1]
  local stop = { line = opts.line2 - 1, character = vim.str_utfindex(last, encoding) }
  return { start = { line = opts.line1 - 1, character = 0 }, ['end'] = stop }
end

---What a question is about: the buffer with its lines and their diagnostics; nothing in a buffer that is no file.
---@param opts vim.api.keyset.create_user_command.command_args
---@param server vim.lsp.Client
---@return table?
local function context(opts, server)
  if not server.attached_buffers[vim.api.nvim_get_current_buf()] then
    return nil
  end
  local at = range(opts, server.offset_encoding)
  local told = {} ---@type vim.Diagnostic[]
  for line = at.start.line, at['end'].line do
    vim.list_extend(told, vim.diagnostic.get(0, { lnum = line }))
  end
  return { uri = vim.uri_from_bufnr(0), range = at, diagnostics = vim.lsp.diagnostic.from(told) }
end

---Have the server carry out an action.
---@param action string
---@param opts vim.api.keyset.create_user_command.command_args
---@param instruction string
local function refactor(action, opts, instruction)
  local server = client()
  if server then
    local at = range(opts, server.offset_encoding)
    local argument = { uri = vim.uri_from_bufnr(0), range = at, action = action, instruction = instruction }
    local command = { title = action, command = 'codestral.refactor', arguments = { argument } }
    server:exec_cmd(command, { bufnr = vim.api.nvim_get_current_buf() })
  end
end

---@param opts vim.api.keyset.create_user_command.command_args
---@param question string
local function ask(opts, question)
  local server = client()
  if server then
    require('codestral.chat').ask(server, question, context(opts, server))
  end
end

---Show what a command of the server's program prints.
---@param name string
---@param words string
local function print_out(name, words)
  local program = require('codestral.program').words()
  if not program then
    vim.notify('The program of codestral-ls is not known here.', vim.log.levels.ERROR)
    return
  elseif vim.fn.executable(program[1]) == 0 then
    vim.notify(('`%s` cannot be run: see `:checkhealth codestral`.'):format(program[1]), vim.log.levels.ERROR)
    return
  end
  local line = vim.iter({ program, name, vim.split(words, '%s+', { trimempty = true }) }):flatten():totable()
  local show = vim.schedule_wrap(function(done)
    require('codestral.page').show(name, vim.trim(done.stdout .. done.stderr), 'text')
  end)
  vim.system(line, { text = true, env = { COLUMNS = tostring(vim.o.columns), NO_COLOR = '1' } }, show)
end

---Use another model until Neovim ends: `model`, or `provider/model`.
---@param server vim.lsp.Client
---@param name string
local function use(server, name)
  local provider, model = name:match('^(%l+)/(.+)$')
  local choice = { model = model or name, provider = provider }
  if provider then
    -- An address and a key belong to the provider that they were set for.
    choice.base_url, choice.api_key_env = '', ''
  end
  local settings = vim.tbl_deep_extend('force', server.settings or {}, { codestral = { completion = choice } })
  -- The configuration is what the next server is started by, should this one crash.
  server.settings, server.config.settings = settings, settings
  server:notify('workspace/didChangeConfiguration', { settings = settings })
end

---@param text string
local function say(text)
  vim.api.nvim_echo({ { text } }, false, {})
end

local function status()
  local told = require('codestral').status()
  local said = told and ('%s: %s. %s'):format(told.model, told.state, told.message)
  say(vim.trim(said or 'codestral-ls has not said anything yet.'))
end

---@param given string
local function model(given)
  local told, server = require('codestral').status(), client()
  if server and given ~= '' then
    use(server, given)
  elseif told then
    say(told.model)
  end
end

local function stop()
  require('codestral.chat').stop()
  for _, server in ipairs(vim.lsp.get_clients({ name = 'codestral_ls' })) do
    for token in pairs(server.progress.pending) do
      server:notify('window/workDoneProgress/cancel', { token = token })
    end
  end
end

---@type table<string, fun(opts: vim.api.keyset.create_user_command.command_args, given: string)>
local SUBCOMMANDS = {
  refactor = function(opts, given)
    with_text(CHANGE, given, function(text)
      refactor(opts.bang and 'instruct-everywhere' or 'instruct', opts, text)
    end)
  end,
  explain = function(opts, given)
    ask(opts, given ~= '' and given or 'Explain this code.')
  end,
  chat = function(opts, given)
    with_text(ASK, given, function(text)
      if opts.bang then
        require('codestral.chat').reset()
      end
      ask(opts, text)
    end)
  end,
  apply = function()
    require('codestral.chat').apply()
  end,
  stop = stop,
  status = status,
  toggle = function()
    say(require('codestral').toggle() and 'Codestral suggests.' or 'Codestral is paused.')
  end,
  model = function(_, given)
    model(given)
  end,
  usage = function(_, given)
    print_out('usage', given)
  end,
  doctor = function(_, given)
    print_out('doctor', given)
  end,
  log = function()
    vim.cmd.split(vim.fn.fnameescape(vim.lsp.log.get_filename()))
    vim.cmd.normal({ 'G', bang = true })
  end,
}

---@param opts vim.api.keyset.create_user_command.command_args
function M.run(opts)
  local name, given = opts.args:match('^%s*(%S*)%s*(.*)$')
  local subcommand = SUBCOMMANDS[name]
  if subcommand then
    subcommand(opts, given)
  else
    vim.notify(('There is no `:Codestral %s`.'):format(name), vim.log.levels.ERROR)
  end
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  if not line:match('Codestral!?%s+%S*$') then
    return {}
  end
  local names = vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, vim.tbl_keys(SUBCOMMANDS))
  table.sort(names)
  return names
end

return M
