--- Which files are specs. They get the filetype `yaml.qube`: YAML's highlighting and indentation still apply,
--- while a general YAML server, which is registered for `yaml`, stays away.

local M = {}

--- The name of a project's configuration, which also marks the root of the project.
M.project_files = { '.qube.yaml', '.qube.yml' }

--- The folder of the nearest project configuration at or above a path.
---@param path string
---@return string?
function M.project(path)
  local found = vim.fs.find(M.project_files, { path = vim.fs.dirname(path), upward = true, type = 'file', limit = 1 })[1]
  return found and vim.fs.dirname(found) or nil
end

--- A YAML file under `tests/` is a spec when a project configuration lies beside that folder. Without one,
--- a folder of that name says nothing: plenty of projects keep other YAML there.
local function under_tests(path)
  path = vim.fs.normalize(path)
  local root = M.project(path)
  if root and vim.startswith(path, vim.fs.normalize(root) .. '/tests/') then
    return 'yaml.qube'
  end
end

--- Teaches Neovim the names of spec files.
function M.register()
  vim.filetype.add({
    filename = { ['.qube.yaml'] = 'yaml.qube', ['.qube.yml'] = 'yaml.qube' },
    pattern = {
      ['.*%.qube%.ya?ml'] = 'yaml.qube',
      ['.*/tests/.*%.ya?ml'] = { under_tests, { priority = 10 } },
    },
  })
end

return M
