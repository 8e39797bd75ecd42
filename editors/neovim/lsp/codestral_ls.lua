---@type vim.lsp.Config
return {
  cmd = { 'codestral-ls', 'serve' },
  root_markers = { '.git', 'pyproject.toml', 'package.json' },
  -- Neovim 0.11 does not announce inline completion, because it cannot draw it; this plug-in can. A server
  -- that is not told puts its suggestions into the completion menu.
  capabilities = { textDocument = { inlineCompletion = { dynamicRegistration = false } } },
}
