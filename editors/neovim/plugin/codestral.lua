if vim.g.loaded_codestral then
  return
end
vim.g.loaded_codestral = true

for _, name in ipairs({ 'accept', 'dismiss', 'trigger' }) do
  vim.keymap.set('i', ('<Plug>(codestral-%s)'):format(name), function()
    require('codestral')[name]()
  end, { desc = ('Codestral: %s'):format(name) })
end

vim.lsp.handlers['codestral/status'] = function(_, status)
  require('codestral').told(status)
end

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
