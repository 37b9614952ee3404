//! The values of a pickle of tensors. Nothing is executed: a reader that knows no function but those that make tensors and
//! dictionaries takes the results of all others for values that it does not need.

use std::collections::HashMap;

/// Longest pickle that is read, enough for thousands of tensors. Each of its bytes can take some tens of memory.
const LONGEST_PICKLE: usize = 1 << 20;
/// Longest text that is copied. A pickle can refer to one text any number of times.
const LONGEST_COPIED: usize = 256;

/// The place of a value among all values of a pickle. Values refer to others by place, so that no nesting is too deep and
/// shared ones take no room.
type Place = usize;

/// A value.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(i64),
    Text(String),
    /// A function or a class, as `module name`.
    Global(String),
    Tuple(Vec<Place>),
    Dict(Vec<(Place, Place)>),
    Storage(Box<Storage>),
    Tensor(Box<Tensor>),
    /// Any other value.
    Other,
}

/// Numbers in an entry of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Storage {
    /// The kind, such as `FloatStorage`.
    pub kind: String,
    /// The name of the entry.
    pub key: String,
}

/// A view of a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tensor {
    pub storage: Storage,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

/// The dictionaries of a pickle, each as the tensors in it by name, in the order in which they begin.
///
/// # Errors
///
/// A clause when the pickle is cut off, damaged or has an instruction that no pickle of tensors has.
pub(super) fn dictionaries(bytes: &[u8]) -> Result<Vec<Vec<(String, Tensor)>>, String> {
    if bytes.len() > LONGEST_PICKLE {
        return Err("its description of the tensors is longer than that of any network".into());
    }
    let mut machine = Machine { rest: bytes, ..Machine::default() };
    while machine.step()? {}
    let values = &machine.values;
    let tensors = |entries: &Vec<(Place, Place)>| {
        let named = entries.iter().filter_map(|&(key, value)| match (&values[key], &values[value]) {
            (Value::Text(name), Value::Tensor(tensor)) if name.len() <= LONGEST_COPIED => {
                Some((name.clone(), Tensor::clone(tensor)))
            }
            _ => None,
        });
        named.collect()
    };
    let dictionaries = values.iter().filter_map(|value| match value {
        Value::Dict(entries) => Some(tensors(entries)),
        _ => None,
    });
    Ok(dictionaries.collect())
}

const CUT_OFF: &str = "its description of the tensors is cut off or damaged";

/// The stack machine of a pickle (Python's `pickletools.py` describes its instructions).
#[derive(Default)]
struct Machine<'b> {
    rest: &'b [u8],
    values: Vec<Value>,
    stack: Vec<Place>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u64, Place>,
}

impl Machine<'_> {
    /// Carries out one instruction; false at the end.
    fn step(&mut self) -> Result<bool, String> {
        let code = self.number(1)? as u8;
        match code {
            // The protocol, and the length of a frame.
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'.' => return Ok(false),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_to_mark()?),
            // None, True, False and floating-point numbers.
            b'N' | 0x88 | 0x89 => self.push(Value::Other),
            b'G' => {
                self.take(8)?;
                self.push(Value::Other);
            }
            b'K' => self.push_number(1)?,
            b'M' => self.push_number(2)?,
            b'J' => {
                let number = self.number(4)? as u32;
                self.push(Value::Number(i64::from(number.cast_signed())));
            }
            0x8a => {
                let size = self.number(1)? as usize;
                let bytes = self.take(size)?;
                let is_negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
                let sign = if is_negative { -1 } else { 0 };
                let number = bytes.iter().rev().fold(sign, |number, &byte| number << 8 | i64::from(byte));
                self.push(if size <= 8 { Value::Number(number) } else { Value::Other });
            }
            b'X' => self.push_text(4)?,
            0x8c => self.push_text(1)?,
            0x8d => self.push_text(8)?,
            b'U' | b'C' => self.skip(1)?,
            b'T' | b'B' => self.skip(4)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Global(format!("{module} {name}")));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let global = match (&self.values[module], &self.values[name]) {
                    (Value::Text(module), Value::Text(name))
                        if module.len() + name.len() <= LONGEST_COPIED =>
                    {
                        Value::Global(format!("{module} {name}"))
                    }
                    _ => Value::Other,
                };
                self.push(global);
            }
            b')' => self.push(Value::Tuple(Vec::new())),
            0x85..=0x87 => {
                let first = self.stack.len().checked_sub(usize::from(code - 0x84)).ok_or(CUT_OFF)?;
                let items = self.stack.split_off(first);
                self.push(Value::Tuple(items));
            }
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Tuple(items));
            }
            b'}' => self.push(Value::Dict(Vec::new())),
            b'd' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Dict(pairs(&items)));
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.add(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.add(&items)?;
            }
            // Lists and sets.
            b']' | 0x8f => self.push(Value::Other),
            b'l' | 0x91 => {
                self.pop_to_mark()?;
                self.push(Value::Other);
            }
            b'a' => drop(self.pop()?),
            b'e' | 0x90 => drop(self.pop_to_mark()?),
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            0x94 => {
                let top = self.top()?;
                self.memo.insert(self.memo.len() as u64, top);
            }
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            b'Q' => {
                let identity = self.pop()?;
                let storage = self.storage(identity);
                self.push(storage.map_or(Value::Other, |storage| Value::Storage(Box::new(storage))));
            }
            b'R' | 0x81 => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                match self.result(function, arguments) {
                    Ok(place) => self.stack.push(place),
                    Err(value) => self.push(value),
                }
            }
            // The state of an object, such as the versions of modules.
            b'b' => drop(self.pop()?),
            _ => {
                return Err(format!(
                    "its description of the tensors has the instruction {code:#04x}, which a state_dict() has not"
                ));
            }
        }
        Ok(true)
    }

    /// The value of a call, or the place of one that is there already.
    fn result(&self, function: Place, arguments: Place) -> Result<Place, Value> {
        let (Value::Global(name), Value::Tuple(arguments)) =
            (&self.values[function], &self.values[arguments])
        else {
            return Err(Value::Other);
        };
        match (name.as_str(), arguments.as_slice()) {
            ("collections OrderedDict", []) => Err(Value::Dict(Vec::new())),
            ("torch._utils _rebuild_parameter", &[tensor, ..]) => Ok(tensor),
            ("torch._utils _rebuild_tensor_v2", &[storage, offset, shape, strides, ..]) => Err(self
                .tensor(storage, offset, shape, strides)
                .map_or(Value::Other, |tensor| Value::Tensor(Box::new(tensor)))),
            _ => Err(Value::Other),
        }
    }

    fn tensor(&self, storage: Place, offset: Place, shape: Place, strides: Place) -> Option<Tensor> {
        let Value::Storage(storage) = &self.values[storage] else { return None };
        Some(Tensor {
            storage: Storage::clone(storage),
            offset: self.size(offset)?,
            shape: self.sizes(shape)?,
            strides: self.sizes(strides)?,
        })
    }

    /// The storage of an identity `("storage", kind, key, location, count)`.
    fn storage(&self, identity: Place) -> Option<Storage> {
        let Value::Tuple(parts) = &self.values[identity] else { return None };
        let &[tag, kind, key, ..] = parts.as_slice() else { return None };
        match [tag, kind, key].map(|place| &self.values[place]) {
            [Value::Text(tag), Value::Global(kind), Value::Text(key)]
                if tag == "storage" && kind.len() + key.len() <= LONGEST_COPIED =>
            {
                let kind = kind.strip_prefix("torch ").unwrap_or(kind).to_owned();
                Some(Storage { kind, key: key.clone() })
            }
            _ => None,
        }
    }

    fn size(&self, place: Place) -> Option<usize> {
        match self.values[place] {
            Value::Number(number) => usize::try_from(number).ok(),
            _ => None,
        }
    }

    fn sizes(&self, place: Place) -> Option<Vec<usize>> {
        /// No parameter has more dimensions.
        const MOST_DIMENSIONS: usize = 8;
        match &self.values[place] {
            Value::Tuple(sizes) if sizes.len() <= MOST_DIMENSIONS => {
                sizes.iter().map(|&size| self.size(size)).collect()
            }
            _ => None,
        }
    }

    /// Adds keys and values in turn to the dictionary at the top; another value is left as it is.
    fn add(&mut self, items: &[Place]) -> Result<(), String> {
        let top = self.top()?;
        if let Value::Dict(entries) = &mut self.values[top] {
            entries.extend(pairs(items));
        }
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn push_number(&mut self, size: usize) -> Result<(), String> {
        let number = self.number(size)?.cast_signed();
        self.push(Value::Number(number));
        Ok(())
    }

    fn push_text(&mut self, size: usize) -> Result<(), String> {
        let length = self.length(size)?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.push(Value::Text(text));
        Ok(())
    }

    /// Bytes are not needed.
    fn skip(&mut self, size: usize) -> Result<(), String> {
        let length = self.length(size)?;
        self.take(length)?;
        self.push(Value::Other);
        Ok(())
    }

    fn remember(&mut self, size: usize) -> Result<(), String> {
        let (key, top) = (self.number(size)?, self.top()?);
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall(&mut self, size: usize) -> Result<(), String> {
        let key = self.number(size)?;
        self.stack.push(*self.memo.get(&key).ok_or(CUT_OFF)?);
        Ok(())
    }

    fn top(&self) -> Result<Place, String> {
        self.stack.last().copied().ok_or_else(|| CUT_OFF.into())
    }

    fn pop(&mut self) -> Result<Place, String> {
        self.stack.pop().ok_or_else(|| CUT_OFF.into())
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Place>, String> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len()).ok_or(CUT_OFF)?;
        Ok(self.stack.split_off(mark))
    }

    fn take(&mut self, size: usize) -> Result<&[u8], String> {
        let (taken, rest) = self.rest.split_at_checked(size).ok_or(CUT_OFF)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The number of the next `size` bytes, which are at most eight.
    fn number(&mut self, size: usize) -> Result<u64, String> {
        Ok(self.take(size)?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn length(&mut self, size: usize) -> Result<usize, String> {
        usize::try_from(self.number(size)?).map_err(|_| CUT_OFF.into())
    }

    fn line(&mut self) -> Result<String, String> {
        let end = self.rest.iter().position(|&byte| byte == b'\n').ok_or(CUT_OFF)?;
        let line = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(line)
    }
}

fn pairs(items: &[Place]) -> Vec<(Place, Place)> {
    let (pairs, _) = items.as_chunks();
    pairs.iter().map(|&[key, value]| (key, value)).collect()
}
