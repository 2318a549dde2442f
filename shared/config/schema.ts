/** The JSON Schema of homeport.yml, compiled when it is first needed: it is the single truth for what the file may say. */
import { Ajv, type ErrorObject } from 'ajv';
import schema from '../../homeport.schema.json' with { type: 'json' };

export type SchemaError = ErrorObject;

let compiled: ((value: unknown) => SchemaError[]) | undefined;

/** Everything in which a parsed homeport.yml differs from the schema. */
export function schemaErrors(value: unknown): SchemaError[] {
  compiled ??= compile();
  return compiled(value);
}

function compile(): (value: unknown) => SchemaError[] {
  const ajv = new Ajv({
    allErrors: true,
    // An error then carries the value and the schema around it, from which its message is made.
    verbose: true,
    strictTypes: false,
    // A deploy waits for this: half the time to compile goes into judging the schema, which a test does once, and into
    // code for speed, of which one file has no use.
    meta: false,
    validateSchema: false,
    inlineRefs: false,
    code: { optimize: false },
  });
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? [] : (validate.errors ?? []));
}
