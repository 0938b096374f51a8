"""Is this resource right? Structure, formats, codes, references and the specification's own rules, offline."""
