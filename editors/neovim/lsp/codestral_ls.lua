---@type vim.lsp.Config
return {
  cmd = { 'codestral-ls', 'serve' },
  root_markers = { '.git', 'pyproject.toml', 'package.json' },
  on_exit = function(code, signal, id)
    local client = vim.lsp.get_client_by_id(id)
    if client then
      require('codestral.restart').exited(client, code, signal)
    end
  end,
  -- Neovim 0.11 does not announce inline completion, because it cannot draw it; this plug-in can. A server
  -- that is not told puts its suggestions into the completion menu. Neovim 0.12 would ask about each file of a
  -- change by itself, without showing the change; `setup({ preview = true })` shows it.
  capabilities = {
    textDocument = {
      codeAction = { honorsChangeAnnotations = false },
      inlineCompletion = { dynamicRegistration = false },
    },
    experimental = { codestral = { panel = true } },
  },
  handlers = {
    ['codestral/status'] = function(_, status)
      require('codestral').told(status)
    end,
    ['codestral/explanation'] = function(_, explanation)
      require('codestral.page').show(explanation.title, explanation.markdown)
    end,
    ['$/progress'] = function(failure, params, context)
      if not require('codestral.chat').hear(params) then
        return vim.lsp.handlers['$/progress'](failure, params, context)
      end
    end,
  },
}
