// Reads the interfaces of client/ as text: what programs call, with what its authors say of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '..');

/** Rooms of `connect()`: where their verbs and their inputs are written down. */
const ROOMS = [
  {
    room: 'rollouts',
    verbs: ['client/rollouts/rollout-verbs.ts', 'RolloutVerbs'],
    inputs: 'client/rollouts/rollout-input.ts',
  },
  {
    room: 'registry',
    verbs: ['client/registry/model-registry.ts', 'ModelRegistry'],
    inputs: 'client/registry/registry-input.ts',
  },
  {
    room: 'registry.transfer',
    verbs: ['client/registry/registry-transfer.ts', 'TransferVerbs'],
    inputs: 'client/registry/registry-transfer.ts',
  },
  {
    room: 'approvals',
    verbs: ['client/approvals/approval-verbs.ts', 'ApprovalVerbs'],
    inputs: 'client/approvals/approval-verbs.ts',
  },
  { room: 'audit', verbs: ['client/audit/audit-verbs.ts', 'AuditVerbs'], inputs: 'client/audit/audit-input.ts' },
  {
    room: 'identities',
    verbs: ['client/identity/identity-verbs.ts', 'IdentityVerbs'],
    inputs: 'client/identity/identity-verbs.ts',
  },
  {
    room: 'governance',
    verbs: ['client/governance/governance-verbs.ts', 'GovernanceVerbs'],
    inputs: 'client/governance/governance-input.ts',
  },
  { room: 'governance.holds', verbs: ['client/governance/governance-verbs.ts', 'HoldVerbs'], inputs: null },
] as const;

/** Interfaces beside the verbs that are no input. */
const NO_INPUT = /(?:Verbs|VerbParts|Outcome|Result)$/;

/** Names of the brief for the same. */
const CLASSES = ['client/canary-deployment.ts'];

/** docs/reference/typescript-api.md, below its heading: every verb and every input. */
export function renderTypescriptApi(): string {
  const rooms = ROOMS.map(({ inputs, room, verbs: [file, name] }) => {
    const source = parse(file);
    const verbs = interfacesOf(source).find((one) => one.name.text === name);
    if (verbs === undefined) throw new Error(`${file} has no interface ${name}`);
    const methods = verbs.members.filter(ts.isMethodSignature).map((method) => renderMethod(room, method, source));
    return `## ${room}\n\n${textOf(verbs).text}\n\n${methods.join('\n')}${inputs === null ? '' : renderInputs(inputs)}`;
  });
  return [...rooms, ...CLASSES.map(renderClass)].join('\n');
}

function renderMethod(room: string, method: ts.MethodSignature, source: ts.SourceFile): string {
  const { text, throws } = textOf(method);
  const signature = method
    .getText(source)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\binput\.|readonly (?=\w+\??:)/g, '')
    .replaceAll(/\( | \)|,(?= \))|; (?=\})/g, (found) => found.trim());
  return `### ${room}.${method.name.getText(source)}\n\n\`\`\`ts\n${signature}\n\`\`\`\n\n${text}\n${throws === '' ? '' : `\nThrows ${throws}.\n`}`;
}

function renderClass(file: string): string {
  const source = parse(file);
  const found = source.statements.find(ts.isClassDeclaration);
  const name = found?.name?.text ?? '';
  const members = (found?.members ?? []).flatMap((member) => {
    if (!ts.isConstructorDeclaration(member) && !ts.isMethodDeclaration(member)) return [];
    const given = member.parameters.map((one) => one.getText(source)).join(', ');
    const answer = member.type === undefined ? '' : `: ${member.type.getText(source)}`;
    const call = ts.isMethodDeclaration(member) ? `${member.name.getText(source)}(${given})` : `new ${name}(${given})`;
    const { parameters, text, throws } = textOf(member);
    const said = [text, ...parameters, ...(throws === '' ? [] : [`Throws ${throws}.`])].filter((one) => one !== '');
    return [`\`\`\`ts\n${call}${answer};\n\`\`\`\n\n${said.join('\n\n')}\n`];
  });
  const about = found === undefined ? '' : textOf(found).text;
  return `## ${name}\n\n${about}\n\n${members.join('\n')}${renderInputs(file)}`;
}

function renderInputs(file: string): string {
  const source = parse(file);
  const inputs = interfacesOf(source).filter(({ name }) => !NO_INPUT.test(name.text));
  return inputs
    .map((one) => `\n### ${one.name.text}${parentsOf(one, source)}\n\n${textOf(one).text}\n${renderKeys(one, source)}`)
    .join('');
}

function renderKeys(one: ts.InterfaceDeclaration, source: ts.SourceFile): string {
  const rows = one.members.filter(ts.isPropertySignature).map((key) => {
    const type =
      key.type?.getText(source).replaceAll(/\s+/g, ' ').replaceAll('readonly ', '').replaceAll('|', '\\|') ?? '';
    const name = `${key.name.getText(source)}${key.questionToken === undefined ? '' : '?'}`;
    return `| \`${name}\` | \`${type}\` | ${textOf(key).text.replaceAll('|', '\\|')} |`;
  });
  return rows.length === 0 ? '' : `\n| key | type | what |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

function parentsOf(
  { heritageClauses = [] }: { readonly heritageClauses?: readonly ts.HeritageClause[] },
  source: ts.SourceFile,
): string {
  const parents = heritageClauses.flatMap(({ types }) =>
    types.map((type) => `\`${type.getText(source).replaceAll(/\s+/g, ' ')}\``),
  );
  return parents.length === 0 ? '' : `: ${parents.join(', ')}, and`;
}

function interfacesOf(source: ts.SourceFile): ts.InterfaceDeclaration[] {
  return source.statements.filter(ts.isInterfaceDeclaration);
}

/** What a comment says, in one line, of what is given, and of what is thrown. */
function textOf(node: ts.Node): {
  readonly text: string;
  readonly parameters: readonly string[];
  readonly throws: string;
} {
  const [doc] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  const tags = doc?.tags ?? [];
  const throws = tags.filter(({ tagName }) => tagName.text === 'throws').map(wordsOf);
  const parameters = tags.flatMap((tag) =>
    ts.isJSDocParameterTag(tag) ? [`\`${tag.name.getText()}\`: ${wordsOf(tag)}`] : [],
  );
  return { text: doc === undefined ? '' : wordsOf(doc), parameters, throws: throws.join(', ') };
}

function wordsOf(node: ts.JSDoc | ts.JSDocTag): string {
  return (ts.getTextOfJSDocComment(node.comment) ?? '').replaceAll(/\s+/g, ' ').trim();
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.ESNext, true);
}
