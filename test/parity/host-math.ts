// Finds the mathematics of the host in JavaScript or TypeScript: what differs in its last bits from engine
// to engine. + - * / and these functions are exact, or rounded once, everywhere.

import ts from "typescript";

const FUNCTIONS = "abs ceil clz32 floor fround imul max min round sign sqrt trunc";
const CONSTANTS = "E LN2 LN10 LOG2E LOG10E PI SQRT1_2 SQRT2";
const EXACT = new Set(`${FUNCTIONS} ${CONSTANTS}`.split(" "));

/** Every use in `code` that is not known to be exact, as `line: text`. */
export function inexactMath(code: string, fileName = "code.ts"): string[] {
  const source = ts.createSourceFile(fileName, code, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isInexact(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${fileName}:${line + 1}: ${node.parent.getText().slice(0, 80)}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isInexact(node: ts.Node): boolean {
  if (ts.isIdentifier(node) && node.text === "Math") return !isExactMember(node);
  return isPower(node) && !isPowerOfTwo(node.parent);
}

/** Whether `Math` is here only to name an exact function: not handed on, taken apart or indexed. */
function isExactMember(math: ts.Identifier): boolean {
  const { parent } = math;
  return ts.isPropertyAccessExpression(parent) && parent.expression === math && EXACT.has(parent.name.text);
}

function isPower(node: ts.Node): boolean {
  return (
    node.kind === ts.SyntaxKind.AsteriskAsteriskToken ||
    node.kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken
  );
}

/** Whole powers of two are exact. */
function isPowerOfTwo(node: ts.Node): boolean {
  return ts.isBinaryExpression(node) && /^2 \*\* -?\d+$/.test(node.getText());
}
