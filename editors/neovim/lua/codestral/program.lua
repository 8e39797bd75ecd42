---The server's program, as Neovim is told to run it.
local M = {}

---The words that a subcommand follows: those before `serve`, such as `uvx codestral-ls`.
---@return string[]? words nil where a function starts the server
function M.words()
  local command = vim.lsp.config.codestral_ls.cmd
  if type(command) ~= 'table' then
    return nil
  end
  return vim.list_slice(command, 1, math.max(vim.fn.index(command, 'serve'), 1))
end

return M
