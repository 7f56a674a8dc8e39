# Read by interactive bash.
. "$HOME/.iterate-shell.sh"
case $- in
  *i*) ;;
  *) return ;;
esac
HISTSIZE=10000
HISTFILESIZE=20000
HISTCONTROL=ignoreboth
shopt -s histappend checkwinsize globstar
if [ -r /usr/share/bash-completion/bash_completion ]; then
  . /usr/share/bash-completion/bash_completion
fi
PS1='\[\e[36m\]sandbox\[\e[0m\] \[\e[33m\]\w\[\e[0m\] \$ '
alias ll='ls -alF --color=auto'
alias ls='ls --color=auto'
