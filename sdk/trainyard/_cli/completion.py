"""Print what makes your shell complete commands, options, run ids, experiments and clusters.

bash:  eval "$(trainyard completion bash)"       in ~/.bashrc
zsh:   eval "$(trainyard completion zsh)"        in ~/.zshrc, after compinit
fish:  trainyard completion fish | source        in ~/.config/fish/config.fish
"""

from typing import Any

from trainyard._cli.output import Output
from trainyard._cli.studio import Studio

# The shell asks the command itself, so what is offered is what this version can do. Where it
# offers nothing (exit code 1) the shell completes files.
# bash takes words apart at = and :, and puts back only what stands behind the last of these.
BASH = r"""
_trainyard() {
  local line=${COMP_LINE:0:COMP_POINT} breaks=${COMP_WORDBREAKS//[^:=]/} cut="" as=%q one offered
  offered=$(trainyard __complete --line "$line" 2>/dev/null) || return 0
  line=${line##*[[:space:]]}
  [ -n "$breaks" ] && cut=${line%"${line##*[$breaks]}"}
  [[ ${COMP_WORDS[COMP_CWORD]} == [\'\"]* ]] && as=%s
  COMPREPLY=()
  while IFS= read -r one; do
    [ -n "$one" ] && COMPREPLY+=("$(printf "$as" "${one#"$cut"}")")
  done <<< "$offered"
}
complete -o default -o bashdefault -F _trainyard trainyard
"""
ZSH = r"""
_trainyard() {
  local -a offered
  offered=("${(@f)$(trainyard __complete "${(@Q)words[2,$CURRENT]}" 2>/dev/null)}") || offered=()
  offered=(${offered:#})
  if (( ${#offered} )); then compadd -a offered; else _files; fi
}
compdef _trainyard trainyard
"""
FISH = r"""
function __trainyard_offers
  set -l words (commandline -opc) (commandline -ct)
  trainyard __complete $words[2..-1] 2>/dev/null; or __fish_complete_path (commandline -ct)
end
complete -c trainyard -f -a '(__trainyard_offers)'
"""
SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def arguments(parser: Any, common: Any) -> None:
    parser.add_argument("shell", choices=sorted(SHELLS))


def run(studio: Studio, given: Any, output: Output) -> int:
    text = SHELLS[given.shell].strip()
    if output.is_json:
        output.json({"shell": given.shell, "text": text})
    else:
        output.line(text)
    return 0
