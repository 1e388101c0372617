// Prints what the typings of the TypeScript SDK declare: node typescript.mjs FOLDER_OF_TYPESCRIPT SDK_D_TS names | lines
//
// names  one name a line, with tabs: message  system/init  mcp_servers[].status is "failed"
// lines  lines of the CLI that have each of these names, as tests/pure/typings.rs reads them
//
// The paths are those of `View::unnamed`: `[]` are the items of a list, `*` the keys of a map, `is` a value.
import { createRequire } from 'node:module';

const [folder, file, mode] = process.argv.slice(2);
const ts = createRequire(`${folder}/`)('typescript');
const program = ts.createProgram([file], { strict: true, noLib: false, skipLibCheck: true, types: [] });
const checker = program.getTypeChecker();
const source = program.getSourceFile(file);
const DEPTH = 7;

const declared = new Map();
source.forEachChild((node) => {
    if (ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node)) declared.set(node.name.text, node);
});
const type = (name) => declared.has(name) ? checker.getTypeAtLocation(declared.get(name).name) : undefined;
const members = (given) => (given === undefined ? [] : given.isUnion() ? given.types : [given]);
const property = (given, name) => {
    const symbol = given.getProperty(name);
    return symbol && checker.getTypeOfSymbolAtLocation(symbol, source);
};
const literal = (given) => (given && given.isStringLiteral() ? given.value : undefined);

// Parts of a type: what is not null, undefined or a function.
function parts(given) {
    const skipped = ts.TypeFlags.Undefined | ts.TypeFlags.Null | ts.TypeFlags.Void | ts.TypeFlags.Never;
    return members(given).filter((part) => !(part.flags & skipped));
}

// Calls `found` with each path below a type, and returns a value of the type that has them all. Where `chosen` names a path and
// one of its literals, the value has that one.
function walk(given, path, found, chosen, seen = []) {
    const all = parts(given);
    const literals = all.map(literal).filter((value) => value !== undefined);
    if (literals.length > 0) {
        if (literals.length > 1) literals.forEach((value) => found(path, value));
        return chosen && chosen.path === path ? chosen.value : literals[0];
    }
    const objects = all.filter((part) => part.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection));
    if (objects.length === 0) {
        const flags = all.length > 0 ? all[0].flags : 0;
        // `${string}-${string}-...`, and `UUID` of a module that is not there.
        if (flags & ts.TypeFlags.TemplateLiteral || (flags & ts.TypeFlags.Any && /uuid|_id$/.test(path))) return '11111111-1111-4111-8111-111111111111';
        if (flags & ts.TypeFlags.BooleanLike) return true;
        if (flags & ts.TypeFlags.NumberLike) return given.isNumberLiteral() ? given.value : 1;
        return flags & ts.TypeFlags.StringLike ? 'x' : {};
    }
    const list = objects.find((part) => checker.isArrayType(part) || checker.isTupleType(part));
    if (list) {
        const item = checker.getTypeArguments(list)[0];
        const inner = parts(item).filter((part) => part.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection));
        if (inner.length < 2) return [walk(item, `${path}[]`, found, chosen, seen)];
        return inner.map((part) => walk(part, `${path}[]`, found, chosen, seen));
    }
    const value = {};
    if (seen.length >= DEPTH || objects.some((part) => seen.includes(part))) return value;
    for (const part of objects) {
        const index = checker.getIndexTypeOfType(part, ts.IndexKind.String);
        const at = (name) => (path === '' ? name : `${path}.${name}`);
        if (index) value.k = walk(index, at('*'), found, chosen, [...seen, part]);
        for (const symbol of part.getProperties()) {
            const inner = checker.getTypeOfSymbolAtLocation(symbol, source);
            // A method is not on the wire.
            if (inner.getCallSignatures().length > 0 && parts(inner).length === 1) continue;
            found(at(symbol.name));
            if (!(symbol.name in value)) value[symbol.name] = walk(inner, at(symbol.name), found, chosen, [...seen, part]);
        }
    }
    return value;
}

const names = new Set();
const lines = [];
// One type under a name. `wrap` makes a line of the CLI of its value.
function declare(kind, name, given, wrap) {
    const choices = [];
    names.add(`${kind}\t${name}`);
    const value = walk(given, '', (path, word) => {
        names.add(`${kind}\t${name}\t${word === undefined ? path : `${path} is "${word}"`}`);
        if (word !== undefined) choices.push({ path, value: word });
    });
    if (!wrap) return;
    lines.push({ kind, name, line: wrap(value) });
    for (const chosen of choices) lines.push({ kind, name, line: wrap(walk(given, '', () => {}, chosen)) });
}

for (const given of members(type('SDKMessage')).concat(members(type('StdoutMessage')))) {
    const kind = literal(property(given, 'type'));
    if (kind === undefined || kind.startsWith('control_')) continue;
    const subtype = literal(property(given, 'subtype'));
    declare('message', subtype === undefined ? kind : `${kind}/${subtype}`, given, (value) => value);
}
// Hooks have their own types.
const INCOMING = ['can_use_tool', 'mcp_message', 'elicitation', 'request_user_dialog'];
const request = (value) => ({ type: 'control_request', request_id: 'id', request: value });
for (const given of members(type('SDKControlRequestInner'))) {
    const subtype = literal(property(given, 'subtype'));
    if (subtype === 'hook_callback') continue;
    if (INCOMING.includes(subtype)) declare('incoming', subtype, given, request);
    else declare('request', subtype, given);
    // `SDKControlGetUsageRequest` and `SDKControlGetUsageResponse`.
    const reply = type((given.aliasSymbol?.name ?? '').replace(/Request$/, 'Response'));
    if (reply) declare('reply', subtype, reply, (value) => value);
}
for (const given of members(type('HookInput'))) {
    const hook = (input) => request({ subtype: 'hook_callback', callback_id: 'c', input });
    declare('hook', literal(property(given, 'hook_event_name')), given, hook);
}
for (const [name] of declared) {
    const event = /^(\w+)HookSpecificOutput$/.exec(name);
    if (event) declare('hook output', event[1], type(name));
}
for (const given of ['Options', 'Settings']) {
    for (const symbol of type(given)?.getProperties() ?? []) names.add(`${given === 'Options' ? 'option' : 'setting'}\t${symbol.name}`);
}
const output = mode === 'lines' ? lines.map((line) => JSON.stringify(line)) : [...names].sort();
process.stdout.write(output.map((line) => `${line}\n`).join(''));
