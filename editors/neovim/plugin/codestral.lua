if vim.g.loaded_codestral then
  return
end
vim.g.loaded_codestral = true

for _, name in ipairs({ 'accept', 'accept-word', 'accept-line', 'next', 'previous', 'dismiss', 'trigger' }) do
  vim.keymap.set('i', ('<Plug>(codestral-%s)'):format(name), function()
    require('codestral')[name:gsub('-', '_')]()
  end, { desc = ('Codestral: %s'):format(name) })
end

vim.api.nvim_create_user_command('Codestral', function(opts)
  require('codestral.command').run(opts)
end, {
  nargs = '+',
  range = true,
  bang = true,
  complete = function(...)
    return require('codestral.command').complete(...)
  end,
  desc = 'Codestral: refactor, chat, and what there is to know',
})

vim.api.nvim_create_autocmd('LspAttach', {
  group = vim.api.nvim_create_augroup('codestral', {}),
  desc = 'Show the suggestions of codestral-ls',
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'codestral_ls' then
      require('codestral').attach(client, event.buf)
    end
  end,
})
