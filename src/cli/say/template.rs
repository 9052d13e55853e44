//! `treering say KIND --template`: a form to fill in, as TOML with comments.

use super::FILLED_IN;
use crate::statement::form::{Field, Form, Shape};

/// The ceiling of a comment's line, in characters.
const WIDTH: usize = 100;

/// The form of a kind.
pub fn template(form: &Form) -> String {
    let mut out = format!(
        "# {}: {}.\n\
         #\n\
         # Fill in what stands after each =. A line that begins with #? may be left as it is, or used without\n\
         # the #?. Numbers are whole and in the unit named; days are UTC; @12 is the statement at position 12.\n\
         # Then: treering say {} --from THIS-FILE\n\
         \n\
         # Delete this line once everything below is yours.\n\
         {FILLED_IN} = false\n",
        form.kind, form.about, form.kind
    );
    fields(&mut out, "", form.fields, "");
    out
}

fn fields(out: &mut String, above: &str, fields_of: &[Field], mark: &str) {
    for field in fields_of {
        let mark = if field.required { mark } else { "#? " };
        let name = match above {
            "" => field.name.to_string(),
            above => format!("{above}.{}", field.name),
        };
        out.push('\n');
        for line in wrapped(&comment(field)) {
            out.push_str(&format!("# {line}\n"));
        }
        match field.shape {
            Shape::Table(inner) => {
                out.push_str(&format!("{mark}[{name}]\n"));
                lines(out, inner, mark);
            }
            Shape::Tables(inner) => {
                out.push_str(&format!("{mark}[[{name}]]\n"));
                lines(out, inner, mark);
            }
            Shape::Names => out.push_str(&format!("{mark}[{name}]\n{mark}en = \"…\"\n")),
            _ => out.push_str(&format!("{mark}{} = {}\n", field.name, field.example)),
        }
    }
}

/// The fields of a table, one a line, each with its remark behind it.
fn lines(out: &mut String, fields: &[Field], mark: &str) {
    for field in fields {
        let mark = if field.required { mark } else { "#? " };
        let line = format!("{mark}{} = {}", field.name, field.example);
        out.push_str(&format!("{line:<40}  # {}\n", comment(field)));
    }
}

fn comment(field: &Field) -> String {
    let about = field.about;
    match field.shape {
        Shape::Word(words) => format!("{about}: {}", words.join(", ")),
        Shape::Words(words) => format!("{about}; any of: {}", words.join(", ")),
        Shape::Number(unit) | Shape::Numbers(unit) => format!("{about}; {}", unit.words()),
        Shape::Digest => format!("{about}; \"file:PATH\" takes its SHA-256"),
        Shape::Dossier => format!("{about}: \"now\"; or that of a statement: \"@33\""),
        _ => about.to_string(),
    }
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("template: there is a line from the beginning");
        if !line.is_empty() && line.chars().count() + word.chars().count() + 3 > WIDTH {
            lines.push(word.into());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::form::forms;
    use toml::Table;

    fn names(fields: &[Field]) -> Vec<&str> {
        let mut names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        names.sort();
        names
    }

    /// With every optional line taken, each form is TOML with exactly its own fields.
    #[test]
    fn every_template_is_toml_with_every_field() {
        for form in forms() {
            let text = template(form);
            let least: Table = text.parse().unwrap_or_else(|why| panic!("{}: {why}", form.kind));
            for field in form.fields {
                assert_eq!(least.contains_key(field.name), field.required, "{}", field.name);
            }
            let whole: Table = text.replace("#? ", "").parse().expect("TOML");
            let mut found: Vec<&str> =
                whole.keys().map(String::as_str).filter(|name| *name != FILLED_IN).collect();
            found.sort();
            assert_eq!(found, names(form.fields), "{}", form.kind);
            for field in form.fields {
                let (Shape::Table(inner) | Shape::Tables(inner)) = field.shape else { continue };
                let table = match &whole[field.name] {
                    toml::Value::Array(all) => all[0].as_table(),
                    one => one.as_table(),
                };
                let mut found: Vec<&str> =
                    table.expect("a table").keys().map(String::as_str).collect();
                found.sort();
                assert_eq!(found, names(inner), "{}.{}", form.kind, field.name);
            }
        }
    }
}
