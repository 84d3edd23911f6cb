// Reads workflows and evaluates their expressions with GitHub's own packages, for harness.py.
// One JSON request a line on standard input, one JSON reply a line on standard output.
import { createInterface } from "node:readline";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from "@actions/workflow-parser";

// A template's tokens as plain data: text, or { expr } where GitHub evaluates.
function plain(token) {
  if (token === null || typeof token !== "object") return token;
  if (Array.isArray(token)) return token.map(plain);
  const json = typeof token.toJSON === "function" ? token.toJSON() : token;
  if (json === null || typeof json !== "object") return json;
  if (typeof json.expr === "string") return { expr: json.expr };
  if (Array.isArray(json.map)) return Object.fromEntries(json.map.map((e) => [plain(e.Key), plain(e.Value)]));
  if (Array.isArray(json.seq)) return json.seq.map(plain);
  if ("lit" in json) return json.lit;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, plain(value)]));
}

async function read({ name, content, called }) {
  const parsed = parseWorkflow({ name, content }, new NoOperationTraceWriter());
  const provider = { getFileContent: async (file) => ({ name: file.path, content: called }) };
  const fetchReusableWorkflowDepth = called === undefined ? 0 : 1;
  const template = await convertWorkflowTemplate(parsed.context, parsed.value, provider, { fetchReusableWorkflowDepth });
  const errors = parsed.context.errors.getErrors().map(String);
  return { errors, template: plain(template) };
}

function evaluate({ expr, contexts, status, job }) {
  const is = (wanted, of = status) => ({ call: () => new data.BooleanData(wanted.includes(of)) });
  const functions = new Map(
    Object.entries({
      success: is(["success"]),
      failure: is(["failure"]),
      cancelled: is(["cancelled"], job), // in an action, too: actions/runner, CancelledFunction.cs
      always: is(["success", "failure", "cancelled"]),
    }).map(([name, { call }]) => [name, { name, minArgs: 0, maxArgs: 0, call }]),
  );
  const dictionary = JSON.parse(JSON.stringify(contexts), data.reviver);
  const run = (text) => {
    const { tokens } = new Lexer(text).lex();
    const parser = new Parser(tokens, Object.keys(contexts), [...functions.values()]);
    return new Evaluator(parser.parse(), dictionary, functions).evaluate().coerceString();
  };
  // What `if` makes of a value: a double negation is GitHub's own notion of truth.
  return { text: run(expr), truth: run(`!!(${expr})`) === "true" };
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let reply;
  try {
    reply = request.content === undefined ? evaluate(request) : await read(request);
  } catch (error) {
    reply = { failed: String(error) };
  }
  process.stdout.write(JSON.stringify(reply) + "\n");
}
