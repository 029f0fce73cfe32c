# fish completion for corenet, which makes it when it is first wanted
corenet completion fish | source
