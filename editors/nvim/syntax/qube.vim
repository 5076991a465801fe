" What a spec adds to YAML; loaded after syntax/yaml.vim because the filetype is yaml.qube.
if exists('b:current_syntax') && b:current_syntax ==# 'yaml.qube'
  finish
endif

syntax region qubeTemplate matchgroup=qubeTemplateDelimiter start=/{{/ end=/}}/ oneline contained
      \ containedin=yamlPlainScalar,yamlFlowString,yamlBlockString,yamlFlowMapping,yamlBlockMappingKey
      \ contains=qubeTemplateString,qubeTemplateSource,qubeTemplateMethod
syntax match qubeTemplateSource /\%({{\s*\)\@<=\<\%(fake\|env\|prev\|matrix\|regex\)\>/ contained
syntax match qubeTemplateMethod /\.\zs\u\w*\ze\%((\|\s*}}\|\.\)/ contained
syntax region qubeTemplateString start=/'/ end=/'/ oneline contained
syntax match qubeRequest /\<[A-Z][A-Z0-9_]*\ze\s\+[/{]/ contained containedin=yamlPlainScalar,yamlBlockMappingKey
syntax match qubeArrow /->/ contained containedin=yamlPlainScalar
syntax match qubeOperator /\%(^\|["':]\)\s*\zs\%(>=\|<=\|==\|!=\|[<>]\|contains\>\|matches\>\|is\>\|exists\>\|notExists\>\|oneOf\>\)/
      \ contained containedin=yamlFlowString

highlight default link qubeTemplateDelimiter Special
highlight default link qubeTemplate Identifier
highlight default link qubeTemplateSource Keyword
highlight default link qubeTemplateMethod Function
highlight default link qubeTemplateString String
highlight default link qubeRequest Keyword
highlight default link qubeArrow Operator
highlight default link qubeOperator Operator

let b:current_syntax = 'yaml.qube'
