# Makes the Markdown of a manual page out of a guide page: the title becomes NAME with the first
# paragraph's beginning, tables become lists of definitions, links become their text.

function cells(row, into,    count) {
  gsub(/\\\|/, "\001", row)
  sub(/^\| */, "", row)
  sub(/ *\| *$/, "", row)
  count = split(row, into, / *\| */)
  for (i = 1; i <= count; ++i) gsub(/\001/, "|", into[i])
  return count
}

# A first column that is not code already is printed in italics.
function definition(row,    count, text) {
  count = cells(row, cell)
  print (cell[1] ~ /`/ ? cell[1] : "*" cell[1] "*") "\n"
  text = cell[2]
  for (i = 3; i <= count; ++i) text = text ". " title[i] ": " cell[i]
  if (count > 2) text = title[2] ": " text
  print ":   " text "\n"
}

/^```/ { code = !code }
code { print; next }

{ while (match($0, /\[[^]]*\]\([^)]*\)/)) {
    link = substr($0, RSTART, RLENGTH)
    sub(/^\[/, "", link)
    sub(/\]\(.*$/, "", link)
    $0 = substr($0, 1, RSTART - 1) link substr($0, RSTART + RLENGTH)
  } }

/^# / { name = substr($0, 3); next }
name != "" && !named && NF {
  summary = $0
  sub(/[:.,].*$/, "", summary)
  print "# NAME\n\n" (installed ? installed : name) " - " summary "\n\n# DESCRIPTION\n\n" $0
  named = 1
  next
}
/^## / { print "# " toupper(substr($0, 4)); next }

/^\|[-| ]*\|$/ { next }
/^\|/ {
  if (!in_table) cells($0, title)
  else definition($0)
  in_table = 1
  next
}
{ in_table = 0; print }
