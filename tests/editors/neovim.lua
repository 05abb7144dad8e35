-- Takes "Explain this error", then "Fix build error" in a red project, as a user of Neovim does, and saves. Run by
-- test_editors.py.
local root, file = os.getenv('AID_ROOT'), os.getenv('AID_FILE')

local function fail(message)
  io.stderr:write('FAIL ' .. message .. '\n')
  vim.cmd('cquit 1')
end

local function await(what, condition)
  if not vim.wait(90000, condition, 50) then
    fail('waiting for ' .. what .. ': ' .. vim.inspect(vim.diagnostic.get(nil)) .. vim.inspect(vim.v.errmsg))
  end
end

-- As docs/users.md has it.
vim.lsp.handlers['lsp-aid/status'] = function(_, status)
  vim.g.lsp_aid = status.state .. (status.errors > 0 and ' ' .. status.errors or '')
  vim.cmd('redrawstatus')
end

local function drive()
  vim.cmd('edit ' .. root .. '/' .. file)
  local buffer = vim.api.nvim_get_current_buf()
  vim.bo[buffer].filetype = 'ocaml'
  local config = { name = 'lsp-aid', cmd = { 'lsp-aid' }, root_dir = root }
  local id
  if vim.lsp.start then
    id = vim.lsp.start(config)
  else -- before 0.8
    id = vim.lsp.start_client(config)
    vim.lsp.buf_attach_client(buffer, id)
  end
  await('diagnostics', function() return #vim.diagnostic.get(buffer) > 0 end)
  await('the red status', function() return (vim.g.lsp_aid or ''):find('^red %d+$') ~= nil end)
  local error = vim.diagnostic.get(buffer)[1]
  vim.api.nvim_win_set_cursor(0, { error.lnum + 1, error.col })

  local titles, wanted = {}, 'Explain this error'
  vim.ui.select = function(items, _, choose)
    titles = {}
    for index, item in ipairs(items) do
      local action = item.action or item[2]
      table.insert(titles, action.title)
      if action.title:find(wanted, 1, true) then return choose(item, index) end
    end
    choose(nil)
  end
  local explained = false
  local show = vim.lsp.handlers['window/showMessage']
  vim.lsp.handlers['window/showMessage'] = function(problem, result, ...)
    explained = explained or result.message:find('that is visible here', 1, true) ~= nil
    return show(problem, result, ...)
  end
  vim.lsp.buf.code_action()
  await('the explanation', function()
    -- Newer versions open the document itself.
    local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
    return explained or (text:find('# Explanation', 1, true) and text:find('that is visible here', 1, true))
  end)
  vim.cmd('buffer ' .. buffer)
  vim.api.nvim_win_set_cursor(0, { error.lnum + 1, error.col })
  print('EXPLAINED')

  wanted = 'Fix build error'
  local before = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
  vim.lsp.buf.code_action()
  await('the edit', function()
    return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n') ~= before
  end)
  vim.wait(500, function() return false end)
  vim.cmd('silent wall')
  await('no diagnostics', function() return #vim.diagnostic.get(nil) == 0 end)
  await('the green status', function() return vim.g.lsp_aid == 'green' end)
  print('TOOK ' .. table.concat(titles, ' | '))

  -- The daemon is replaced under the editor, which goes on as if nothing had been.
  vim.fn.system({ 'lsp-aid', 'restart' })
  if vim.v.shell_error ~= 0 then fail('to restart') end
  vim.api.nvim_buf_set_lines(buffer, -1, -1, false, { 'let typed_after_the_restart : int = ""' })
  vim.cmd('silent write')
  await('diagnostics after the restart', function() return #vim.diagnostic.get(buffer) > 0 end)
  vim.api.nvim_buf_set_lines(buffer, -2, -1, false, {})
  vim.cmd('silent write')
  await('no diagnostics after the restart', function() return #vim.diagnostic.get(nil) == 0 end)
  print('RESTARTED')
  vim.lsp.get_client_by_id(id).stop()
  await('the server to end', function() return vim.lsp.get_client_by_id(id) == nil end)
end

local ok, problem = pcall(drive)
if not ok then fail(tostring(problem)) end
vim.cmd('qa!')
