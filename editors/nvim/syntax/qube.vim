" What a spec adds to YAML; loaded after syntax/yaml.vim because the filetype is yaml.qube.
if exists('b:current_syntax') && b:current_syntax ==# 'yaml.qube'
  finish
endif

" Not `contained`: after a blank a plain YAML text is in no group of its own.
syntax region qubeTemplate matchgroup=qubeTemplateDelimiter start=/{{/ end=/}}/ oneline
      \ containedin=yamlPlainScalar,yamlFlowString,yamlBlockString,yamlFlowMapping,yamlBlockMappingKey
      \ contains=qubeTemplateString,qubeTemplateSource,qubeTemplateMethod
syntax match qubeTemplateSource /\%({{\s*\)\@8<=\<\%(fake\|env\|prev\|matrix\|regex\)\>/ contained
" Methods are in camel case; names of the environment usually are not.
syntax match qubeTemplateMethod /\.\zs\%(\u\w*\l\w*\|JSON\)\ze\%(\s*(\|\s*}}\|\.\)/ contained
syntax region qubeTemplateString start=/'/ end=/'/ oneline contained
syntax match qubeRequest /\<[A-Z][A-Z0-9_]*\ze\s\+\%(\/\|https\?:\|{{\)/ contained containedin=yamlPlainScalar,yamlBlockMappingKey
syntax match qubeArrow /->/ contained containedin=yamlPlainScalar
syntax match qubeOperator /\%(["']\s*\)\@8<=\%(>=\|<=\|==\|!=\|[<>]\|\%(contains\|matches\|is\|oneOf\)\s\@=\|\%(exists\|notExists\)["']\@=\)/
      \ contained containedin=yamlFlowString
syntax match qubeOperator /\%(:\s\)\@2<=\%(\%(contains\|matches\|is\|oneOf\)\s\@=\|\%(exists\|notExists\)\%(\s*[,}]\|\s*$\)\@=\)/
      \ contained containedin=yamlPlainScalar

highlight default link qubeTemplateDelimiter Special
highlight default link qubeTemplate Identifier
highlight default link qubeTemplateSource Keyword
highlight default link qubeTemplateMethod Function
highlight default link qubeTemplateString String
highlight default link qubeRequest Keyword
highlight default link qubeArrow Operator
highlight default link qubeOperator Operator

let b:current_syntax = 'yaml.qube'
