-- What a test reads from Neovim, and a language server inside it that says what a test wants.
local probe = { log = {}, answers = {}, status = {} }

-- The picture's rows down to the buffer's end, as a terminal would show them.
function probe.screen()
  vim.cmd.redraw()
  local rows = {}
  for row = 1, vim.o.lines - vim.o.cmdheight - 1 do
    local cells = {}
    for column = 1, vim.o.columns do
      cells[column] = vim.fn.screenstring(row, column)
    end
    local text = table.concat(cells):gsub('%s+$', '')
    if text == '~' then
      break
    end
    rows[row] = text
  end
  return rows
end

function probe.buffer()
  return vim.api.nvim_buf_get_lines(0, 0, -1, true)
end

-- The ghost text alone: the virtual text of the plug-in's marks, line by line.
function probe.ghost()
  local lines = {}
  for _, name in ipairs({ 'codestral', 'nvim.lsp.inline_completion' }) do
    local namespace = vim.api.nvim_get_namespaces()[name]
    local marks = namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })
    for _, mark in ipairs(marks or {}) do
      lines[#lines + 1] = (mark[4].virt_text or { { '' } })[1][1]
      for _, below in ipairs(mark[4].virt_lines or {}) do
        lines[#lines + 1] = below[1][1]
      end
    end
  end
  return lines
end

-- Press keys one by one, each once Neovim has drawn what the one before should lead to: the line on which they begin,
-- and the ghost text, as `line|ghost`. Then write all that was drawn to a file. To ask from outside meanwhile would
-- disturb: with a message waiting, Neovim draws before it tells its plug-ins about a key.
function probe.play(keys, wanted, file)
  local frames, step, row = {}, 0, vim.fn.line('.')
  -- With syntax rules, Neovim draws a key before it tells plug-ins of it, and again before a terminal sees it.
  vim.cmd.syntax('off')
  local function press()
    step = step + 1
    if keys[step] then
      vim.api.nvim_input(keys[step])
    else
      vim.fn.writefile({ vim.json.encode(frames) }, file .. '.new')
      vim.uv.fs_rename(file .. '.new', file)
    end
  end
  vim.api.nvim_set_decoration_provider(vim.api.nvim_create_namespace('probe'), {
    on_start = function()
      local frame = vim.fn.getline(row) .. '|' .. table.concat(probe.ghost(), '\n')
      if step > 0 and frame ~= frames[#frames] then
        frames[#frames + 1] = frame
        if frame == wanted[step] then
          vim.schedule(press)
        end
      end
    end,
  })
  vim.schedule(press)
end

-- Press a key, and keep how many milliseconds later the line and its ghost text were drawn as `wanted` (`line|ghost`),
-- and for how many of them the server had the request.
function probe.time(key, wanted)
  local namespace = vim.api.nvim_create_namespace('probe')
  local began, asked, server
  probe.timed = nil
  local watcher = vim.api.nvim_create_autocmd('LspRequest', {
    callback = function(event)
      local request = event.data.request
      if request.method == 'textDocument/inlineCompletion' then
        asked = request.type == 'pending' and vim.uv.hrtime() or asked
        server = request.type == 'complete' and vim.uv.hrtime() - asked or server
      end
    end,
  })
  vim.api.nvim_set_decoration_provider(namespace, {
    on_end = function()
      local drawn = vim.api.nvim_get_current_line() .. '|' .. table.concat(probe.ghost(), '\n')
      if drawn == wanted and not probe.timed then
        probe.timed = { (vim.uv.hrtime() - began) / 1e6, server / 1e6 }
        vim.schedule(function()
          vim.api.nvim_del_autocmd(watcher)
        end)
      end
    end,
  })
  vim.schedule(function()
    began = vim.uv.hrtime()
    vim.api.nvim_input(key)
  end)
end

function probe.sent(method)
  return vim.tbl_filter(function(message)
    return message.method == method
  end, probe.log)
end

-- A server in this process, which is never closed.
local function in_process(request, hear)
  return {
    request = request,
    notify = function(method, params)
      hear(method, params)
      return true
    end,
    is_closing = function()
      return false
    end,
    terminate = function() end,
  }
end

-- A server in this process. It answers inline completion with `probe.answers`, first come first served, and
-- keeps whoever comes when there is none waiting.
function probe.server(encoding)
  return function()
    local last = 0
    local function answer(method)
      if method == 'initialize' then
        local commands = { 'codestral.accepted' }
        return {
          capabilities = {
            positionEncoding = encoding,
            textDocumentSync = { openClose = true, change = 2 },
            inlineCompletionProvider = true,
            executeCommandProvider = { commands = commands },
          },
        }
      elseif method == 'textDocument/inlineCompletion' then
        return table.remove(probe.answers, 1)
      end
      return vim.NIL
    end
    return in_process(function(method, params, callback, replied)
      last = last + 1
      local id = last
      probe.log[#probe.log + 1] = { method = method, params = params, id = id }
      local result = answer(method)
      local function reply(value)
        if replied then
          replied(id)
        end
        callback(nil, value ~= vim.NIL and value or nil)
      end
      if result then
        vim.schedule_wrap(reply)(result)
      else
        probe.waiting = reply
      end
      return true, id
    end, function(method, params)
      probe.log[#probe.log + 1] = { method = method, params = params }
    end)
  end
end

-- Another server in this process, which knows some words.
function probe.words(words)
  return function()
    local last = 0
    return in_process(function(method, _, callback)
      last = last + 1
      local entries = vim.tbl_map(function(word)
        return { label = word }
      end, words)
      local answers = {
        initialize = { capabilities = { completionProvider = vim.empty_dict() } },
        ['textDocument/completion'] = entries,
      }
      vim.schedule(function()
        callback(nil, answers[method])
      end)
      return true, last
    end, function() end)
  end
end

_G.probe = probe
