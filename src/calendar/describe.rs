//! E
impl crate::calendar::Calendar {
    /// x
    pub fn describe(&self) -> String {
        String::new()
    }
}
