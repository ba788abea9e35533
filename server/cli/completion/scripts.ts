// What each shell is told once: to ask the program, with the line so far.

interface Shell {
  readonly script: string
  /** A candidate as its script reads it. */
  readonly show: (word: string, does: string) => string
}

const BASH = `# Completion of sluice for bash: source <(sluice completion bash)
_sluice() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default 2>/dev/null
    else
      COMPREPLY+=("$line")
    fi
  done < <("\${1/#\\~/$HOME}" completion bash -- "\${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
  # An option that wants its value behind "=", and a path that goes on, end without a space.
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == */ ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _sluice sluice
`

const ZSH = `#compdef sluice
# Completion of sluice for zsh: source <(sluice completion zsh)
_sluice() {
  local line
  local -i none=1
  local -a found open
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      _files && none=0
    elif [[ $line == */ ]]; then
      open+=("$line")
    else
      found+=("$line")
    fi
  done < <("\${(Q)words[1]}" completion zsh -- "\${(@Q)words[1,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe -V sluice found && none=0
  # A path that goes on ends without a space.
  (( \${#open} )) && _describe -V sluice open -S '' && none=0
  return none
}
if [[ $funcstack[1] == _sluice ]]; then _sluice "$@"; else compdef _sluice sluice; fi
`

const FISH = `# Completion of sluice for fish: sluice completion fish > ~/.config/fish/completions/sluice.fish
function __sluice_complete
    set -l last (commandline -ct)
    set -q last[1]; or set last ''
    set -l words (commandline -opc) $last
    for line in ($words[1] completion fish -- $words 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path $last
        else
            printf '%s\\n' $line
        end
    end
end
complete -c sluice -f -a '(__sluice_complete)'
`

export const SHELLS: Readonly<Record<'bash' | 'zsh' | 'fish', Shell>> = {
  bash: { script: BASH, show: (word) => word.replace(/[\s"'\\$`&|;<>()*?[\]!{}~#]/g, '\\$&') },
  zsh: {
    script: ZSH,
    show: (word, does) => `${word.replace(/[\\:]/g, '\\$&')}${does === '' ? '' : `:${does}`}`,
  },
  fish: { script: FISH, show: (word, does) => (does === '' ? word : `${word}\t${does}`) },
}
