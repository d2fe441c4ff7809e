// Every public name, and every member of a public interface, has a doc comment.

import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { projectRoot } from "./data.js";

const ENTRIES = ["index", "io/index", "sync", "inline"];

describe("doc comments", () => {
  const files = ENTRIES.map((entry) => join(projectRoot, "dist", "types", `${entry}.d.ts`));
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
  });
  const checker = program.getTypeChecker();
  const documented = (symbol: ts.Symbol) => symbol.getDocumentationComment(checker).length > 0;

  function missing(file: string): string[] {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    const exported = checker.getExportsOfModule(module);
    expect(exported.length).toBeGreaterThan(0);
    return exported.flatMap((name) => {
      const symbol = name.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name;
      const members = (symbol.declarations ?? []).flatMap((declaration) =>
        ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration)
          ? [...declaration.members]
          : [],
      );
      const bare = members.flatMap((member) => {
        if (!member.name || ts.isPrivateIdentifier(member.name)) return [];
        const own = checker.getSymbolAtLocation(member.name);
        return own && !documented(own) ? [`${name.name}.${member.name.getText()}`] : [];
      });
      return documented(symbol) ? bare : [name.name, ...bare];
    });
  }

  it.each(ENTRIES)("%s", (entry) => {
    expect(missing(files[ENTRIES.indexOf(entry)]!)).toEqual([]);
  });
});
