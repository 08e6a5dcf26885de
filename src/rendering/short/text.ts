import Handlebars from 'handlebars';

/** What a template says whatever its model holds: by its longest way through conditions, with all variables empty. */
export function staticText(template: string): string {
  return textOf(Handlebars.parse(template));
}

function textOf(program: hbs.AST.Program | undefined): string {
  return (program?.body ?? []).map(textOfStatement).join('');
}

function textOfStatement(statement: hbs.AST.Statement): string {
  if (isContent(statement)) return statement.value;
  if (!isBlock(statement)) return '';
  const ways = [textOf(statement.program), textOf(statement.inverse)];
  // A list may be empty.
  if (isPathTo(statement.path, 'each')) ways.shift();
  return ways.reduce((longest, way) => (way.length > longest.length ? way : longest), '');
}

/** What an author must not write in a short text, in words; null where all is well. */
export function untracked(template: string): string | null {
  return untrackedIn(Handlebars.parse(template));
}

function untrackedIn(program: hbs.AST.Program | undefined): string | null {
  for (const statement of program?.body ?? []) {
    const fault = isBlock(statement)
      ? (untrackedIn(statement.program) ?? untrackedIn(statement.inverse))
      : untrackedStatement(statement);
    if (fault !== null) return fault;
  }
  return null;
}

function untrackedStatement(statement: hbs.AST.Statement): string | null {
  if (isContent(statement) && /https?:\/\//i.test(statement.value))
    return "an address in the text counts no click: write {{track 'https://…'}}";
  if (!isMustache(statement) || !isPath(statement.path) || statement.path.data) return null;
  const { original, parts } = statement.path;
  if (statement.params.length > 0 || !/url$/i.test(String(parts.at(-1)))) return null;
  return `{{${original}}} counts no click: write {{track ${original}}}`;
}

const isContent = (node: hbs.AST.Node): node is hbs.AST.ContentStatement => node.type === 'ContentStatement';
const isBlock = (node: hbs.AST.Node): node is hbs.AST.BlockStatement => node.type === 'BlockStatement';
const isMustache = (node: hbs.AST.Node): node is hbs.AST.MustacheStatement => node.type === 'MustacheStatement';
const isPath = (node: hbs.AST.Node): node is hbs.AST.PathExpression => node.type === 'PathExpression';
const isPathTo = (node: hbs.AST.Node, name: string) => isPath(node) && node.original === name;
