# Types each line into an interactive zsh with a Tab behind it, and writes to $OUT what that offers ("hit:…") and
# what the line is then ("line:…"). $SET_UP is what that zsh reads first.
zmodload zsh/zpty
zpty -b sh zsh -f -i
# It says nothing that is read here: a terminal that nobody reads must not fill up.
zpty -w sh 'exec >/dev/null 2>&1; PS1=; autoload -Uz compinit'
zpty -w sh "$SET_UP"
zpty -w sh 'compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
  local -a hits; builtin compadd -O hits "$@"
  (( $#hits )) && print -rl -- "hit:"$^hits >> $OUT
  builtin compadd "$@"
}'
zpty -w sh 'taken() { print -r -- "line:$BUFFER" >> $OUT; BUFFER=; zle accept-line }; zle -N taken'
zpty -w sh 'bindkey "^I" complete-word; bindkey "^X" taken; print ready >> $OUT'
until grep -q '^ready' $OUT 2>/dev/null; do sleep 0.02; done
integer done=0
for line in "$@"; do
  zpty -w -n sh "$line"$'\t\x18'
  (( ++done ))
  until (( $(grep -c '^line:' $OUT) == done )); do sleep 0.02; done
done
zpty -d sh
