//! What the engine's functions lack or do too much of: `now()` is the time that the caller says, and what could ask for any amount
//! of memory in one step is not there.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use plimsoll_types::Timestamp;

use crate::tables::utc;

/// Functions over single values that make a list or a text of any length at once. The table functions of the same names stay: they
/// give their rows one batch after the other.
pub(crate) const TAKEN_OUT: &[&str] =
    &["array_repeat", "list_repeat", "array_resize", "list_resize", "generate_series", "range", "gen_series"];

/// `now()` and its other names.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Now {
    nanoseconds: Option<i64>,
    signature: Signature,
    aliases: Vec<String>,
}

impl Now {
    pub(crate) fn function(now: Timestamp) -> ScalarUDF {
        ScalarUDF::new_from_impl(Now {
            nanoseconds: now.seconds().checked_mul(1_000_000_000),
            signature: Signature::nullary(Volatility::Stable),
            aliases: vec![
                "current_timestamp".to_owned(),
                "transaction_timestamp".to_owned(),
                "statement_timestamp".to_owned(),
            ],
        })
    }

    fn value(&self) -> ScalarValue {
        ScalarValue::TimestampNanosecond(self.nanoseconds, Some(utc()))
    }
}

impl ScalarUDFImpl for Now {
    fn name(&self) -> &str {
        "now"
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Timestamp(TimeUnit::Nanosecond, Some(utc())))
    }

    fn return_field_from_args(&self, _: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Field::new("now", self.return_type(&[])?, true).into())
    }

    fn simplify(&self, _: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        Ok(ExprSimplifyResult::Simplified(Expr::Literal(self.value(), None)))
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if self.nanoseconds.is_none() {
            return exec_err!("the time is out of range");
        }
        Ok(ColumnarValue::Scalar(self.value()))
    }
}
