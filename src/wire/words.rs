//! The macro `words!`, which declares open enums: each release of the CLI adds words.

/// Declares an open set of words: an enum with a variant for each known word, and one for all others.
macro_rules! words {
    ($(
        $(#[$meta:meta])*
        $vis:vis enum $words:ident { $($(#[$word_meta:meta])* $word:ident = $wire:literal,)+ }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone)]
        #[non_exhaustive]
        $vis enum $words {
            $($(#[$word_meta])* $word,)+
            /// A word that this version of the crate does not know.
            Other(Box<str>),
        }

        impl $words {
            /// Returns the word on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $wire,)+
                    Self::Other(word) => word,
                }
            }
        }

        // Words are compared by their text: `Other` with a known word equals the variant of that word.
        impl PartialEq for $words {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for $words {}

        impl std::hash::Hash for $words {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl From<&str> for $words {
            fn from(word: &str) -> Self {
                match word {
                    $($wire => Self::$word,)+
                    _ => Self::Other(word.into()),
                }
            }
        }

        impl std::fmt::Debug for $words {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$word => f.write_str(stringify!($word)),)+
                    Self::Other(word) => f.debug_tuple("Other").field(&$crate::base::text::Quoted(word)).finish(),
                }
            }
        }

        impl std::fmt::Display for $words {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        #[cfg(any(test, fuzzing))]
        impl $crate::wire::slow::Slow for $words {
            fn slow(json: &$crate::base::json::Json) -> Result<Self, $crate::base::error::DecodeError> {
                json.decode().map_err(|_| $crate::base::error::DecodeError::expected("a string"))
            }
        }

        impl $crate::wire::view::FromJson for $words {
            fn read(reader: &mut $crate::wire::read::Reader<'_>) -> Result<Self, $crate::base::error::DecodeError> {
                match reader.string() {
                    Some(word) => Ok(Self::from(&*word.cow())),
                    None => {
                        reader.skip();
                        Err($crate::base::error::DecodeError::expected("a string"))
                    }
                }
            }
        }

        impl $crate::wire::view::ViewPart for $words {
            fn unknown_names(&self, at: &str, found: &mut Vec<String>) {
                if let Self::Other(word) = self {
                    found.push(format!("{at} is {word:?}"));
                }
            }
        }

        impl serde::Serialize for $words {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $words {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'_, str> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(&*word))
            }
        }
    )+};
}

pub(crate) use words;
