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

local group = vim.api.nvim_create_augroup('codestral', {})

vim.api.nvim_create_autocmd('FileType', {
  group = group,
  desc = 'Tell whether the program of codestral-ls is missing, of which Neovim says nothing but to its log',
  callback = function()
    local enabled = vim.lsp.is_enabled and vim.lsp.is_enabled('codestral_ls')
    local command = enabled and vim.lsp.config.codestral_ls.cmd
    if type(command) == 'table' and vim.fn.executable(command[1]) == 0 then
      local text = '`%s` cannot be run, so nothing is suggested: see `:checkhealth codestral`.'
      vim.notify(text:format(command[1]), vim.log.levels.WARN)
    end
    -- Once it is clear, this is not asked again.
    return enabled
  end,
})

vim.api.nvim_create_autocmd('LspAttach', {
  group = group,
  desc = 'Show the suggestions of codestral-ls',
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'codestral_ls' then
      require('codestral').attach(client, event.buf)
    end
  end,
})
